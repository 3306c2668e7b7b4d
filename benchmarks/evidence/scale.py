"""Time and memory of the work that grows with the dataset, with random features.

`python -m benchmarks.evidence.scale COUNT` prints one line of JSON. It runs in its own process, so
that the peak of memory is that of this work alone.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from engines.evidence.feature_file import FeatureRows, to_halves
from engines.evidence.near_duplicates import near_duplicates
from engines.evidence.statistics.clusters import Nearness
from engines.evidence.statistics.copying import copying, sampled
from engines.evidence.statistics.fidelity import fidelity
from engines.evidence.statistics.kid import MOST, kid
from engines.evidence.statistics.rows import blocks

DIMENSIONS = 1280
COPIES = 0.02
"""Share of rows that are near-duplicates of the row before."""
REFERENCE, COMPARED = 2000, 2000


@contextmanager
def made_up(count: int, seed: int) -> Iterator[tuple[FeatureRows, list[tuple[int, int]]]]:
    """Random features in a file (unit vectors around 200 centers, some near-duplicates), and random
    perceptual hashes."""
    drawn = np.random.default_rng(seed)
    centers = np.random.default_rng(1).normal(size=(200, DIMENSIONS)).astype(np.float32)
    hashes = drawn.integers(0, 2**63, (count, 2))
    with tempfile.TemporaryFile() as file:
        for start, end in blocks(count):
            rows = centers[drawn.integers(200, size=end - start)]
            rows = rows + drawn.normal(size=rows.shape).astype(np.float32)
            copied = np.flatnonzero(drawn.random(end - start) < COPIES)[1:]
            rows[copied] = rows[copied - 1] + 0.05 * drawn.normal(size=(len(copied), DIMENSIONS))
            file.write(to_halves(rows / np.linalg.norm(rows, axis=1, keepdims=True)))
        yield FeatureRows(file, count, DIMENSIONS), [(int(a), int(b)) for a, b in hashes]


def measured(count: int) -> dict[str, float]:
    """Processor time of each part, seconds, and the peak of memory, MiB."""
    found: dict[str, float] = {"images": count}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        started = time.process_time()
        yield
        found[f"{name}_s"] = round(time.process_time() - started, 2)

    with made_up(count, 2) as (made, hashes), made_up(REFERENCE, 3) as (reference, _):
        before = _peak_mib()
        with timed("near_duplicates"):
            ids = [f"{n:06}" for n in range(count)]
            alike = near_duplicates(ids, [0.0] * count, hashes, made, Nearness(0.2, 1.0))
        real = sampled(reference, REFERENCE)
        with timed("copying"):
            copying(real, made)
        with timed("density_coverage_recall"):
            fidelity(real, sampled(made, COMPARED))
        with timed("kid"):
            kid(sampled(reference, MOST), sampled(made, MOST))
        found |= {"near_duplicates": alike.images, "before_mib": before, "peak_mib": _peak_mib()}
    return found


def _peak_mib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))

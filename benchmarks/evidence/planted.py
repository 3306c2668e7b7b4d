"""Measures how many known copies are found, and how many new images are wrongly called copies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.evidence.pictures import FAULTS, OF_A_KIND, kinds, squares
from engines.evidence.against_real import Side, find_sources
from engines.evidence.feature_file import ImageFacts
from engines.evidence.near_duplicates import near_duplicates
from engines.evidence.statistics.clusters import Nearness
from engines.evidence.statistics.copying import copying
from engines.evidence.statistics.fidelity import fidelity
from engines.evidence.statistics.kid import kid
from engines.evidence.statistics.rows import ArrayRows
from engines.metrics.phash import phash64_with_mirror

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.evidence.encoders.encoder import ImageEncoder
    from engines.types import Pixels

PLANTED = 40
"""Number of copies with each kind of change. Their sources are spread over all real squares."""
SHARES = (0.0, 0.02, 0.05, 0.1, 0.3)
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Halves:
    """Squares of the same photographs: the real ones, and fresh ones that do not overlap them."""

    real: list[Pixels]
    fresh: list[Pixels]
    of_fresh: list[str]
    """The photograph of each fresh square."""

    @classmethod
    def of(cls) -> Halves:
        every = squares()
        return cls(
            [pixels for _, pixels in every[::2]],
            [pixels for _, pixels in every[1::2]],
            [source for source, _ in every[1::2]],
        )


def side(pictures: Sequence[Pixels], vectors: NDArray[np.float32], prefix: str) -> Side:
    """A `Side` of images in memory. `vectors`: their features, one row per image."""
    facts = []
    for number, pixels in enumerate(pictures):
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        own, mirror = phash64_with_mirror(pixels)
        height, width = pixels.shape[:2]
        name = f"{prefix}{number}"
        facts.append(ImageFacts(name, "", digest, own, mirror, 50.0, width, height))
    by_name = {each.name: pixels for each, pixels in zip(facts, pictures, strict=True)}
    return Side(facts, ArrayRows(vectors), by_name.get)


def sources_found(encoder: ImageEncoder, halves: Halves) -> list[Row]:
    """Rows of: kind of change, number of copies, share found, share with the right source, share
    grouped with its source as near-duplicates in a set of both. The last row is of fresh images."""
    real_vectors = encoder.encode(halves.real)
    real = side(halves.real, real_vectors, "r")
    copied = np.linspace(0, len(halves.real) - 1, PLANTED).astype(int).tolist()
    rows: list[Row] = []
    for name, change in FAULTS.items():
        made = [change(halves.real[number]) for number in copied]
        vectors = encoder.encode(made)
        found, searched = find_sources(real, side(made, vectors, "m"), len(made))
        right = sum(copied[int(each.id[1:])] == int(each.reference[1:]) for each in found)
        pictures = [halves.real[number] for number in copied]
        alike = _paired(encoder, pictures, made, np.concatenate([real_vectors[copied], vectors]))
        rows.append((name, f"{searched}", _of(len(found), searched), _of(right, searched), alike))
    fresh = side(halves.fresh, encoder.encode(halves.fresh), "f")
    found, searched = find_sources(real, fresh, len(halves.fresh))
    rows.append(("fresh (false)", f"{searched}", _of(len(found), searched), "", ""))
    return rows


def _paired(
    encoder: ImageEncoder, real: list[Pixels], made: list[Pixels], both: NDArray[np.float32]
) -> str:
    """Share of the copies that are grouped with their source in a dataset of both."""
    hashes = [phash64_with_mirror(pixels) for pixels in (*real, *made)]
    ids = [f"{n}" for n in range(len(hashes))]
    nearness = Nearness(encoder.distances.near, encoder.distances.alike)
    found = near_duplicates(ids, [0.0] * len(ids), hashes, ArrayRows(both), nearness)
    grouped = {frozenset((int(p.left), int(p.right))) for p in found.pairs}
    members = [set(map(int, group.images)) for group in found.clusters]
    count = len(real)
    paired = sum(
        frozenset((n, n + count)) in grouped or any({n, n + count} <= m for m in members)
        for n in range(count)
    )
    return _of(paired, count)


def shifts(encoder: ImageEncoder, halves: Halves) -> list[Row]:
    """Results of the test against held-out images, for sets with different shares of copies. Half
    of the copies are crops."""
    real_vectors = encoder.encode(halves.real)
    fresh_vectors = encoder.encode(halves.fresh)
    rows: list[Row] = []
    for share in SHARES:
        count = round(share * len(halves.fresh))
        copies = [
            FAULTS["crop to 80 %" if n % 2 else "copy, JPEG 70"](halves.real[n * 3])
            for n in range(count)
        ]
        vectors = fresh_vectors.copy()
        if copies:
            vectors[:count] = encoder.encode(copies)
        found = copying(real_vectors, ArrayRows(vectors))
        rows.append(
            (
                f"{share:.0%}",
                f"{found.effect:.3f}",
                f"{found.p_value:.2g}",
                f"{found.tail_share:.3f} ({found.tail_expected:.3f})",
                f"{found.tail_p_value:.2g}",
            )
        )
    return rows


def textbook(encoder: ImageEncoder, halves: Halves) -> list[Row]:
    """Density, coverage, recall and KID of sets with a known fault."""
    names = sorted(set(halves.of_fresh))
    kept = set(names[::2])
    some = [p for p, n in zip(halves.fresh, halves.of_fresh, strict=True) if n in kept]
    sets = {
        "fresh squares of the same photographs": halves.fresh,
        f"{len(kept)} of {len(names)} sources only": some,
        "the same, blurred (sigma 4 px)": [
            np.asarray(cv2.GaussianBlur(pixels, (0, 0), 4)) for pixels in halves.fresh
        ],
        "one picture, again and again": [
            cv2.convertScaleAbs(halves.fresh[0], alpha=1 + n / 500) for n in range(60)
        ],
        "the real ones": halves.real,
    }
    real = encoder.encode(halves.real)
    rows: list[Row] = []
    for name, pictures in sets.items():
        made = encoder.encode(pictures)
        found, distance = fidelity(real, made), kid(real, made)
        rows.append(
            (
                name,
                f"{len(pictures)}",
                f"{found.clipped_density:.2f}",
                f"{found.clipped_coverage:.2f}",
                f"{found.recall:.2f}",
                f"{distance.value:.4f} ({distance.low:.4f} to {distance.high:.4f})",
            )
        )
    return rows


def dropped_kinds(encoder: ImageEncoder) -> list[Row]:
    """The figures of sets without some kinds of images. Each is the mean over the choice of the
    missing kinds."""
    encoded = {
        name: (encoder.encode(real), encoder.encode(fresh))
        for name, (real, fresh) in kinds().items()
    }
    return [
        _dropped(encoded, of_a_kind, dropped)
        for of_a_kind in (8, 12, OF_A_KIND)
        for dropped in range(4)
    ]


def _dropped(
    encoded: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]],
    of_a_kind: int,
    dropped: int,
) -> Row:
    names = list(encoded)
    real = np.concatenate([encoded[name][0][:of_a_kind] for name in names])
    found = []
    for first in range(len(names)):
        kept = [names[(first + n) % len(names)] for n in range(len(names) - dropped)]
        made = np.concatenate([encoded[name][1][:of_a_kind] for name in kept])
        found.append(fidelity(real, made))
    means = [
        f"{np.mean([getattr(each, figure) for each in found]):.2f}"
        for figure in ("clipped_density", "clipped_coverage", "recall")
    ]
    right = f"{1 - dropped / len(names):.2f}"
    return (f"{of_a_kind}", f"{dropped} of {len(names)}", right, *means)


def normal_cases(count: int = 1000, dimensions: int = 32) -> list[Row]:
    """The same figures for normal distributions, whose right values are known."""
    drawn = np.random.default_rng(0)

    def normal(center: float = 0.0, spread: float = 1.0) -> NDArray[np.float32]:
        return drawn.normal(center, spread, (count, dimensions)).astype(np.float32)

    real = normal()
    half = normal()
    half[count // 2 :] += 50
    sets = {
        "same distribution": (normal(), "1, 1"),
        "half of the images useless": (half, "0.5, 0.5"),
        "three times as wide": (normal(spread=3), "0, 0"),
        "far away": (normal(50), "0, 0"),
    }
    rows: list[Row] = []
    for name, (made, right) in sets.items():
        found = fidelity(real, made)
        values = f"{found.clipped_density:.2f}, {found.clipped_coverage:.2f}"
        rows.append((name, right, values, f"{found.recall:.2f}"))
    return rows


def _of(count: int, whole: int) -> str:
    return f"{count / whole:.0%}" if whole else "-"

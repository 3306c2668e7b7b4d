"""CPU time of the quality score at 512 pixels: without defects, the whole formula, with the head.

    python -m benchmarks.validators.quality_cost [--photos FOLDER]

Of eight photographs, the middle square of each is judged six times in each way, in turns, and the
least time counts, because other work on the machine only adds to it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.validators.quality import photographs
from engines.quality import QualityConfig
from engines.quality.judging import judge

if TYPE_CHECKING:
    from engines.types import Pixels

SIDE_PX, PHOTOS, ROUNDS = 512, 8, 6
WAYS: Mapping[str, QualityConfig] = {
    "without defects": QualityConfig(defects=False, head=False),
    "the whole formula": QualityConfig(head=False),
    "with the head": QualityConfig(),
}
"""How the score is computed, and the settings for it."""


def least_ms(
    runs: Sequence[Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> list[float]:
    """Milliseconds of each of `runs`, called in turns: the least of `rounds`. `clock`: seconds."""
    least = [float("inf")] * len(runs)
    for _ in range(rounds):
        for place, run in enumerate(runs):
            began = clock()
            run()
            least[place] = min(least[place], (clock() - began) * 1000)
    return least


def square(photo: Pixels) -> Pixels:
    """The middle square of a photograph, 512 pixels a side."""
    side = min(photo.shape[:2])
    top, left = ((length - side) // 2 for length in photo.shape[:2])
    middle = np.ascontiguousarray(photo[top : top + side, left : left + side])
    return np.asarray(cv2.resize(middle, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA))


def table(
    photos: Sequence[Pixels],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> str:
    """A table of the median, least and most over `photos` for each of `WAYS`."""
    squares = [square(photo) for photo in photos]
    runs = [partial(judge, pixels, config) for pixels in squares for config in WAYS.values()]
    for run in runs[: len(WAYS)]:
        run()
    times = np.reshape(least_ms(runs, rounds, clock), (len(squares), len(WAYS)))
    lines = [
        f"| CPU ms at {SIDE_PX} px, least of {rounds} runs | median of {len(squares)} photographs "
        "| least | most |",
        "|---|---|---|---|",
    ]
    for name, column in zip(WAYS, times.T.tolist(), strict=True):
        lines.append(f"| {name} | {median(column):.1f} | {min(column):.1f} | {max(column):.1f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder of photographs")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(table([pixels for _, pixels in islice(photographs(options.photos), PHOTOS)]))


if __name__ == "__main__":
    main()

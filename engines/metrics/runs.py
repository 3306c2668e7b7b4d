"""Runs of true values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def runs(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First position of each run of true values in `marks`, shape (n,), and the one after it."""
    padded = np.concatenate([[False], marks, [False]]).astype(np.int8)
    ends = np.flatnonzero(np.diff(padded)).tolist()
    return list(zip(ends[::2], ends[1::2], strict=True))


def longest_run(marks: NDArray[np.bool_]) -> int:
    """Length of the longest run of true values in `marks`, shape (n,); 0 if there is none."""
    return max((behind - first for first, behind in runs(marks)), default=0)

"""Runs of true values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def longest_run(marks: NDArray[np.bool_]) -> int:
    """Length of the longest run of true values in `marks`, shape (n,); 0 if there is none."""
    padded = np.concatenate([[False], marks, [False]]).astype(np.int8)
    ends = np.flatnonzero(np.diff(padded))
    return int((ends[1::2] - ends[::2]).max(initial=0))

"""Grids: how regularly steps repeat at a fixed distance.

Codecs that work in blocks, mosaics, and enlarging leave steps at every n-th column and row.
Photographs have none. Idea: Gallagher, "Detection of linear and cubic interpolation in JPEG
compressed images", CRV 2005 (the second derivative of an enlarged picture is periodic).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.defects.fine import Plane

_PERIODS = (*range(2, 17), 20, 24, 32)
_SMOOTHED_PX = 33
_BEND = np.array([[-1, 2, -1]], np.float32)
_LEAST_STEP = 0.02
_LOWEST, _HIGHEST = -1.5, 4.0


class Grid(NamedTuple):
    """The strongest regular grid in an image. A `period_px` of 0: the image is too small."""

    strength: float
    """Standard deviation of the mean steps at each position of the period, divided by their mean,
    minus what is expected by chance. The smaller one of the two directions. Clean photographs up to
    0.2; JPEG at quality 15: 0.4; a mosaic: 1.5."""
    period_px: int
    """Side of the squares of the grid, pixels."""


def grid(gray: Plane) -> Grid:
    """Find the strongest grid in a plane of gray levels, float32 (height, width), at its native
    size. Needs at least 66 pixels a side."""
    if min(gray.shape) < 2 * max(_PERIODS) + 2:
        return Grid(0.0, 0)
    across = np.abs(cv2.filter2D(gray, cv2.CV_32F, _BEND))[:, 1:-1]
    down = np.abs(cv2.filter2D(gray, cv2.CV_32F, _BEND.T))[1:-1]
    excess = np.minimum(_excess(_means(across, 0)), _excess(_means(down, 1)))
    best = int(excess.argmax())
    return Grid(float(np.sqrt(max(excess[best], 0.0))), _PERIODS[best])


def _means(bends: Plane, axis: int) -> Plane:
    return np.asarray(cv2.reduce(bends, axis, cv2.REDUCE_AVG).ravel())


def _excess(steps: Plane) -> NDArray[np.float32]:
    """For each period: the variance between its positions, minus what is expected by chance."""
    around = cv2.blur(steps[None], (_SMOOTHED_PX, 1), borderType=cv2.BORDER_REFLECT).ravel()
    relative = np.clip(steps / (around + _LEAST_STEP) - 1, _LOWEST, _HIGHEST)
    relative -= relative.mean()
    places, starts, periods = _places(relative.size)
    between = np.add.reduceat((places @ relative) ** 2, starts) / relative.size
    within = float((relative**2).mean()) - between
    chance = within * (periods - 1) / (relative.size - periods)
    return np.asarray(between - chance, np.float32)


@lru_cache(maxsize=64)
def _places(
    size: int,
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float32]]:
    """A row of length 1 for each position of each period, and the index of each period's first
    row."""
    rows = [np.arange(size) % period == place for period in _PERIODS for place in range(period)]
    marks = np.array(rows, np.float32)
    marks /= np.sqrt(marks.sum(axis=1, keepdims=True))
    periods = np.array(_PERIODS)
    starts = np.concatenate([[0], np.cumsum(periods)[:-1]])
    return marks, starts, periods.astype(np.float32)

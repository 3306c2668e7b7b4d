"""JPEG blocks, edges, and washed-out and flat areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.gray import shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.gray import Gray

_GRID_PX = 8
_SAMPLED_ROW = 3  # coprime to the grid
_FLAT_STEP = 0.05
_PLATEAU = 0.985
_COARSE_PX = 128
_CANNY = (50, 150)


def blockiness(gray: Gray) -> float:
    """How visible steps on an 8-pixel grid are in luma, uint8 (height, width): the natural
    logarithm of a ratio; 0: not visible.

    The excess of a step is its height minus the mean height of the two steps beside it. The ratio
    is the mean excess at the strongest of the eight positions of the grid, divided by that at the
    second strongest. A crop does not change it. JPEG files of quality 80 have about 0.4, of quality
    15 about 1.7. The image must have its native size, because scaling hides the grid. Idea: Wang,
    Sheikh and Bovik, "No-reference perceptual quality assessment of JPEG compressed images", ICIP
    2002.
    """
    planes = gray[::_SAMPLED_ROW], cv2.transpose(gray[:, ::_SAMPLED_ROW])
    ratios = [_grid_ratio(plane) for plane in planes if plane.shape[1] > 3 * _GRID_PX]
    return max(0.0, float(np.log(np.mean(ratios)))) if ratios else 0.0


def _grid_ratio(gray: Gray) -> float:
    steps = cv2.absdiff(gray[:, 1:], gray[:, :-1])
    neighbors = cv2.addWeighted(steps[:, 2:], 0.5, steps[:, :-2], 0.5, 0)
    excess = cv2.reduce(
        cv2.subtract(steps[:, 1:-1], neighbors), 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F
    ).ravel()
    usable = excess[: excess.size // _GRID_PX * _GRID_PX].reshape(-1, _GRID_PX).mean(axis=0)
    strongest = int(np.argmax(usable))
    others = float(np.delete(usable, strongest).max())
    return float(usable[strongest] + _FLAT_STEP) / (others + _FLAT_STEP)


def plateau_share(gray: Gray, top: float, shown: Gray | None = None) -> float:
    """Share of the picture, 0 to 1, that is flat and has the brightest used level, `top` (0 to 1).
    With `shown` (uint8, shape of `gray`): of the part where it is not 0.

    Clipped highlights stay flat if the image is darkened afterwards. Measured at a long side of 128
    pixels, so that small highlights, such as sparkle on water, do not count.
    """
    level = float(np.ceil(max(top * 255 * _PLATEAU, 1)))
    _, flat = cv2.threshold(gray, level - 1, 255, cv2.THRESH_BINARY)
    if shown is not None:
        flat = cv2.bitwise_and(flat, shown)
    seen = np.asarray(flat)
    while max(seen.shape) >= 4 * _COARSE_PX and not (seen.shape[0] % 2 or seen.shape[1] % 2):
        seen = np.asarray(cv2.resize(seen, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    share = float((shrunk(seen, _COARSE_PX) > 127).mean())
    return share if shown is None else min(1.0, share * shown.size / cv2.countNonZero(shown))


def edge_density(gray: Gray) -> float:
    """Share of pixels on an edge, 0 to 1, by Canny's detector (PAMI 1986; thresholds 50, 150)."""
    return cv2.countNonZero(cv2.Canny(gray, *_CANNY)) / gray.size


def flat_share(gray: Gray) -> float:
    """Share of blocks of 8 x 8 pixels, 0 to 1, whose gray levels span at most 4, such as paper or
    sky. `gray`: luma, uint8 (height, width)."""
    height, width = (max(side // _GRID_PX, 1) for side in gray.shape)
    kernel = np.ones((_GRID_PX, _GRID_PX), np.uint8)
    spread = cv2.subtract(cv2.dilate(gray, kernel), cv2.erode(gray, kernel))
    blocks: NDArray[np.uint8] = spread[4::_GRID_PX, 4::_GRID_PX][:height, :width]
    return float((blocks <= 4).mean()) if blocks.size else float(np.ptp(gray) <= 4)

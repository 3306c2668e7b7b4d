"""Fine structure of a gray plane: regular patterns, grain, direction, and loss through codecs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.metrics.tiles import (
    FEWEST_TILES,
    median,
    middle,
    quantiles,
    tile_deviations,
    tile_means,
    tile_ranges,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.gray import Gray

    Plane = NDArray[np.float32]

_LOWEST_FREQUENCY = 0.06  # cycles a pixel; below it, pictures have strong regular structure too
_LEAST_TEXTURE = 1.5  # gray levels of fine structure; below it, patterns come from rounding
_PATTERN_PX = 192
_OF_HALVING = 1.0  # variance that halving and doubling add, squared pixels
_SMALL_TILE_PX, _ACTIVE_LEVELS = 8, 12
MIXED_WHEN_CLEAN = 0.12
KEPT_WHEN_CLEAN = 1.0
_LEAST_COARSE, _ROUNDING = 1.0, 0.2  # gray levels


class Fine(NamedTuple):
    """The measured values; `engines.metrics.defects.defects.Defects` explains them."""

    grain: float
    directional: float
    fine: float
    crisp: float
    kept: float


def fine(gray: Plane) -> Fine:
    """Measure a plane of gray levels, float32 (height, width), with at least 32 pixels a side."""
    once = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1))
    half = _halved(gray)
    rough = cv2.subtract(once, _blurred(gray, 3, half))
    low, high = quantiles(tile_deviations(np.asarray(rough)), (0.1, 0.9))
    soft = _blurred(gray, 2.5, half)
    smooth = float(low * low / (high + 0.5))
    return Fine(smooth, *_directions(gray, once, soft, half), _kept(gray, once, soft))


def _halved(gray: Plane) -> Plane:
    height, width = gray.shape
    size = -(-width // 2), -(-height // 2)
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))


def _blurred(gray: Plane, sigma_px: float, half: Plane) -> Plane:
    """`gray`, blurred by a Gaussian of at least 2 pixels. Computed from `half`, which is `gray` at
    half its size. That takes a third of the time, and the blur removes what halving loses."""
    size = gray.shape[1], gray.shape[0]
    left = float(np.sqrt(sigma_px**2 - _OF_HALVING)) / 2
    soft = cv2.GaussianBlur(half, (0, 0), left)
    return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR))


def _kept(gray: Plane, once: Plane, soft: Plane) -> float:
    """`Defects.kept`: measured in small tiles that have structure of two pixels. Codecs that smooth
    their prediction keep contours and lose the fine structure between them."""
    coarse = tile_means(np.asarray(cv2.absdiff(once, soft)), _SMALL_TILE_PX)
    shows = coarse > _LEAST_COARSE
    if np.count_nonzero(shows) < FEWEST_TILES:
        return KEPT_WHEN_CLEAN
    below = tile_means(np.asarray(cv2.absdiff(gray, once)), _SMALL_TILE_PX)
    return median(below[shows] / (coarse[shows] + _ROUNDING))


def _directions(gray: Plane, once: Plane, soft: Plane, half: Plane) -> tuple[float, float, float]:
    """`Defects.directional` (smallest over largest eigenvalue of the gradients' covariance),
    `Defects.fine` and `Defects.crisp`."""
    coarser = _deviation(cv2.subtract(once, soft))
    if coarser < _LEAST_TEXTURE:
        return 1.0, 1.0, 0.0
    x = np.asarray(cv2.subtract(once[1:-1, 2:], once[1:-1, :-2]))
    y = np.asarray(cv2.subtract(once[2:, 1:-1], once[:-2, 1:-1]))
    a, b, c = (float(np.vdot(one, other)) / x.size for one, other in ((x, x), (x, y), (y, y)))
    center, spread = (a + c) / 2, float(np.hypot((a - c) / 2, b))
    sharp = _deviation(cv2.subtract(gray, once)) / (coarser + 0.5)
    crisp = coarser / (_deviation(cv2.subtract(soft, _blurred(gray, 6, half))) + 0.5)
    return (center - spread) / (center + spread + 0.1), sharp, crisp


def _deviation(plane: Plane) -> float:
    mean = cv2.sumElems(plane)[0] / plane.size
    return float(np.sqrt(max(cv2.norm(plane, cv2.NORM_L2SQR) / plane.size - mean * mean, 0.0)))


def pattern(gray: Plane) -> float:
    """Share of the energy of fine structure at one frequency, 0 to 1, in a plane of gray levels,
    float32 (height, width). Rotating or mirroring the picture does not change it."""
    side = min(_PATTERN_PX, *gray.shape)
    square = middle(gray, side)
    rough = square - _blurred(square, 6, _halved(square))
    if _deviation(rough) < _LEAST_TEXTURE:
        return 0.0
    window, high, times = _windows(side)
    energy = _energies(rough * window) * high
    y, x = divmod(int(energy.argmax()), energy.shape[1])
    energy *= times
    peak = energy[_beside(y, x, side)].sum()
    return float(peak / (energy.sum() + 1e-6))


def _beside(y: int, x: int, side: int) -> tuple[list[int], list[int]]:
    """Rows and columns of a frequency, its eight neighbors and their negative frequencies, in the
    half spectrum that `_energies` returns. Only column 0 contains negative frequencies too."""
    near = [(y + down, x + across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    all_of_them = {
        _in_half(sign * row, sign * column, side) for row, column in near for sign in (1, -1)
    }
    rows, columns = zip(*sorted(all_of_them), strict=True)
    return list(rows), list(columns)


def _in_half(row: int, column: int, side: int) -> tuple[int, int]:
    row, column = row % side, column % side
    return (row, column) if column <= side // 2 else (-row % side, side - column)


def _energies(plane: Plane) -> Plane:
    """Energy of each frequency of a square plane, shape (side, side // 2 + 1), in the order of
    `numpy.fft.rfft2`. For even sides OpenCV computes only half of the spectrum, in half the
    time."""
    if len(plane) % 2:
        return np.asarray(np.abs(np.fft.rfft2(plane)) ** 2)
    squares = np.square(cv2.dft(plane))
    energy = np.empty((len(plane), len(plane) // 2 + 1), np.float32)
    energy[:, 1:-1] = squares[:, 1:-1:2] + squares[:, 2:-1:2]
    for column, packed in ((0, squares[:, 0]), (-1, squares[:, -1])):
        inner = packed[1:-1:2] + packed[2:-1:2]
        energy[:, column] = np.concatenate([packed[:1], inner, packed[-1:], inner[::-1]])
    return energy


@lru_cache(maxsize=8)
def _windows(side_px: int) -> tuple[Plane, Plane, Plane]:
    """A Hann window over a square; a mask that is 1 for frequencies that are high enough, else 0;
    and how often each column of the half spectrum occurs in the whole spectrum."""
    edge = np.hanning(side_px).astype(np.float32)
    down, across = np.fft.fftfreq(side_px)[:, None], np.fft.rfftfreq(side_px)
    high = (np.hypot(down, across) >= _LOWEST_FREQUENCY).astype(np.float32)
    times = np.where(2 * across % 1, 2, 1).astype(np.float32)
    return edge[:, None] * edge, high, times


def mixed(gray: Gray) -> float:
    """`Defects.mixed` of luma, uint8 (height, width): the median over small tiles that are not
    plain."""
    square = middle(gray, _PATTERN_PX)
    heights = tile_ranges(square, _SMALL_TILE_PX)
    active = heights > _ACTIVE_LEVELS
    if active.sum() < FEWEST_TILES:
        return MIXED_WHEN_CLEAN
    levels = square.astype(np.float32)
    rows = cv2.subtract(levels[1:], levels[:-1])
    twist = np.zeros(square.shape, np.float32)
    cv2.subtract(rows[:, 1:], rows[:, :-1], twist[:-1, :-1])
    twist[_SMALL_TILE_PX - 1 :: _SMALL_TILE_PX] = 0
    twist[:, _SMALL_TILE_PX - 1 :: _SMALL_TILE_PX] = 0
    of_inside = _SMALL_TILE_PX**2 / (_SMALL_TILE_PX - 1) ** 2
    means = tile_means(np.asarray(cv2.multiply(twist, twist)), _SMALL_TILE_PX)
    return median(np.sqrt(means[active] * of_inside) / heights[active])

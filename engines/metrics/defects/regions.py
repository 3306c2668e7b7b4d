"""Statistics of a picture's regions: noise and structure in each of 16 regions, so that a defect of
one region shows; blotches of color; and waves in any direction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.tiles import quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

    Plane = NDArray[np.float32]

_REGIONS, _PATCH_PX, _TILE_PX = 4, 64, 8
_LEAST = 0.05  # added before a logarithm
_QUIET = 0.2  # quantile
_BLOTCHES_PX, _SCALES, _LEAST_OF_RATIO = 256, 3, 0.2
_WAVES_PX, _LOCAL, _SLOWEST, _STANDS_OUT = 256, 9, 6, 3.0


def region_numbers(pixels: Pixels) -> list[float]:
    """16 numbers that describe RGB `pixels`, uint8 (height, width, 3), with at least 64 pixels a
    side.

    The picture is divided into 4 x 4 regions. Noise and structure of luma, and color noise, are
    measured in the middle of each, at most 64 x 64 pixels. For each of these three, as natural
    logarithms of gray levels: the smallest, median and largest value of the regions, and the
    largest step between adjacent rows and between adjacent columns of regions. The last number is
    the share of regions without structure.
    """
    down, across = (min(side // _REGIONS, _PATCH_PX) // _TILE_PX for side in pixels.shape[:2])
    patches = _middles(_middles(pixels, 0, down * _TILE_PX), 1, across * _TILE_PX)
    planes = cv2.cvtColor(patches, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    size = _REGIONS * across, _REGIONS * down
    tiles = np.asarray(cv2.resize(_mixed(planes), size, interpolation=cv2.INTER_AREA))
    regions = tiles.reshape(_REGIONS, down, _REGIONS, across, 3).transpose(0, 2, 4, 1, 3)
    amplitude = regions.reshape(_REGIONS, _REGIONS, 3, -1)
    noise = np.quantile(amplitude[..., 0, :], _QUIET, axis=-1)
    structure, color = amplitude[..., 0, :].mean(axis=-1), amplitude[..., 1:, :].mean(axis=(-2, -1))
    told = [value for grid in (noise, structure, color) for value in _of_grid(grid)]
    return [*told, float((structure < _LEAST).mean())]


def _middles(pixels: Pixels, axis: int, side_px: int) -> Pixels:
    """The middle `side_px` pixels of each region along `axis`, concatenated."""
    region = pixels.shape[axis] // _REGIONS
    firsts = [number * region + (region - side_px) // 2 for number in range(_REGIONS)]
    taken = np.concatenate([np.arange(first, first + side_px) for first in firsts])
    return np.ascontiguousarray(np.take(pixels, taken, axis))


def _mixed(planes: Plane) -> Plane:
    """Absolute values of the diagonal Haar coefficients at the finest scale."""
    apart = planes[0::2] - planes[1::2]
    return np.asarray(np.abs(apart[:, 0::2] - apart[:, 1::2]) / 2)


def _of_grid(grid: Plane) -> list[float]:
    logs = np.log(grid + _LEAST)
    steps = [float(np.abs(np.diff(logs.mean(axis=1 - axis))).max()) for axis in range(2)]
    return [float(logs.min()), float(np.median(logs)), float(logs.max()), *steps]


def blotch_numbers(pixels: Pixels) -> list[float]:
    """9 numbers that describe blotches of color in RGB `pixels`, uint8 (height, width, 3), with at
    least 64 pixels a side. The picture is reduced to 256 pixels on its long side, or to 64 on the
    short one if that is larger.

    For each of three scales, the finest first: the quantiles 0.1 and 0.5 of the amplitude of chroma
    in tiles, as natural logarithms of gray levels; and the quantile 0.2 of the logarithm of its
    ratio to the amplitude of luma, which is large if color changes where luma does not.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, max(_BLOTCHES_PX / max(height, width), _PATCH_PX / min(height, width)))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    plane = cv2.cvtColor(np.asarray(small), cv2.COLOR_RGB2YCrCb).astype(np.float32)
    told: list[float] = []
    for level in range(_SCALES):
        height, width = (side // 2 * 2 for side in plane.shape[:2])
        above, below = plane[0:height:2, :width], plane[1:height:2, :width]
        total, apart = above + below, above - below
        size = np.abs(total[:, 0::2] - total[:, 1::2]) + np.abs(apart[:, 0::2] + apart[:, 1::2])
        tile = max(1, _TILE_PX >> (level + 1))
        tiles = max(1, size.shape[1] // tile), max(1, size.shape[0] // tile)
        means = np.asarray(cv2.resize(size / 4, tiles, interpolation=cv2.INTER_AREA))
        luma, color = means[..., 0], (means[..., 1] + means[..., 2]) / 2
        ratio = np.log((color + _LEAST_OF_RATIO) / (luma + _LEAST_OF_RATIO))
        told += [float(value) for value in np.log(quantiles(color, (0.1, 0.5)) + _LEAST)]
        told.append(float(quantiles(ratio, (_QUIET,))[0]))
        plane = (total[:, 0::2] + total[:, 1::2]) / 4
    return told


def wave_numbers(luma: Plane) -> list[float]:
    """Two numbers that describe waves in the middle (at most 256 pixels a side) of a plane (height,
    width), float32 in gray levels.

    First, the natural logarithm of the largest ratio of a wave's power to that of the spectrum
    around it. Second, the natural logarithm of the amplitude, in gray levels, of the highest wave
    that stands out. Horizontal and vertical waves are left to `lines`.
    """
    side = min(_WAVES_PX, *luma.shape) // 2 * 2
    top, left = (luma.shape[0] - side) // 2, (luma.shape[1] - side) // 2
    window = np.hanning(side).astype(np.float32)
    window = window[:, None] * window
    seen = luma[top : top + side, left : left + side]
    spectrum = cv2.dft((seen - seen.mean()) * window, flags=cv2.DFT_COMPLEX_OUTPUT)
    rows = np.roll(spectrum[:, : side // 2], side // 2, axis=0)
    half = 2 * np.asarray(cv2.magnitude(rows[..., 0], rows[..., 1])) / window.sum()
    logs = 2 * np.log(half + _LEAST / 10)
    out = logs - cv2.blur(logs, (_LOCAL, _LOCAL))
    out[:, :2] = 0  # waves from top to bottom, which `lines` measures
    out[side // 2 - 1 : side // 2 + 2] = 0
    slow = np.hypot(np.arange(side)[:, None] - side // 2, np.arange(side // 2)) < _SLOWEST
    out[slow] = 0
    standing = out > _STANDS_OUT
    highest = float(half[standing].max()) if standing.any() else 0.0
    return [float(out.max()), math.log(highest + _LEAST)]

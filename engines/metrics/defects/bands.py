"""Fine structure by scale: amplitudes in Haar wavelet bands, rows that stand out, steps on a grid.

Haar, "Zur Theorie der orthogonalen Funktionensysteme", Mathematische Annalen 1910. Lossy codecs,
enlarging and smoothing each remove different bands in different tiles. Noise raises all bands
equally.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.tiles import quantiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

_TILE_PX = 8
_LEVELS, _COLOR_LEVELS = 3, 2
_NOTHING, _LEAST = 0.6, 0.05  # gray levels: under a rounding; added before the logarithm
_CUTS, _COLOR_CUTS = (0.1, 0.5, 0.9), (0.5, 0.9)
_ROW_CUTS = (0.1, 0.5, 0.9, 0.98)
_LEAST_STEP = 0.3
_PERIODS_PX = (4, 8, 16, 32)


def band_levels(planes: Sequence[Plane]) -> list[float]:
    """49 numbers that describe luma and two chroma planes, float32 of equal shape, with at least 64
    pixels a side.

    For each band: natural logarithm of quantiles, over tiles of 8 pixels, of the mean amplitude in
    gray levels. For the two finest scales of luma also the share of coefficients near zero.
    """
    luma, *chroma = planes
    found: list[float] = []
    for level, (bands, tile_px) in enumerate(_bands(luma, _LEVELS)):
        for band in bands:
            sizes = np.abs(band)
            found += _log_quantiles(sizes, tile_px, _CUTS)
            if level < _COLOR_LEVELS:
                found.append(float(np.count_nonzero(sizes < _NOTHING) / sizes.size))
    for plane in chroma:
        for (rows, _, mixed), tile_px in _bands(plane, _COLOR_LEVELS):
            for band in (rows, mixed):
                found += _log_quantiles(np.abs(band), tile_px, _COLOR_CUTS)
    return found


def _bands(plane: Plane, levels: int) -> Iterator[tuple[tuple[Plane, Plane, Plane], int]]:
    """For each scale, the finest first: the differences between rows, between columns and between
    both, and the side of a tile that covers 8 pixels of the plane."""
    for level in range(levels):
        height, width = (side // 2 * 2 for side in plane.shape)
        above, below = plane[0:height:2, :width], plane[1:height:2, :width]
        total, apart = above + below, above - below
        left, right = total[:, 0::2], total[:, 1::2]
        rows, mixed = apart[:, 0::2] + apart[:, 1::2], apart[:, 0::2] - apart[:, 1::2]
        yield (_times(rows, 0.5), _times(left - right, 0.5), _times(mixed, 0.5)), _TILE_PX >> level
        plane = _times(left + right, 0.25)


def _times(plane: Plane, factor: float) -> Plane:
    return np.asarray(plane * factor, np.float32)


def _log_quantiles(sizes: Plane, tile_px: int, cuts: tuple[float, ...]) -> list[float]:
    height, width = (side // tile_px for side in sizes.shape)
    whole = sizes[: height * tile_px, : width * tile_px]
    means = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
    return [float(value) for value in np.log(quantiles(means, cuts) + _LEAST)]


def standing_out(luma: Plane) -> list[float]:
    """Five numbers for the rows of a plane, float32 (height, width), then five for its columns:
    quantiles of the ratio of a row's difference from the more similar neighbor to the difference
    between both neighbors, and how much the differences between rows vary. Only displaced rows have
    a ratio above 1."""
    found: list[float] = []
    for plane in (luma, np.ascontiguousarray(luma.T)):
        beside = np.abs(plane[1:] - plane[:-1]).mean(axis=1)
        across = np.abs(plane[2:] - plane[:-2]).mean(axis=1)
        ratios = np.minimum(beside[:-1], beside[1:]) / (across + _LEAST_STEP)
        found += [float(value) for value in quantiles(ratios, _ROW_CUTS)]
        found.append(float(beside.std() / (beside.mean() + _LEAST_STEP)))
    return found


def steps_on_grids(luma: Plane) -> list[float]:
    """Five numbers for the columns of a plane, float32 (height, width), then five for its rows.

    Four are the natural logarithm of the strongest over the second strongest position of steps that
    repeat every 4, 8, 16 and 32 pixels. The fifth is that of the strongest over the weakest
    position for 32 pixels.
    """
    found: list[float] = []
    for plane in (luma, luma.T):
        steps = np.abs(plane[:, 1:] - plane[:, :-1]).mean(axis=0)
        longest = _PERIODS_PX[-1]
        means = steps[: len(steps) // longest * longest].reshape(-1, longest).mean(axis=0) + _LEAST
        for period_px in _PERIODS_PX:
            second, first = np.sort(means.reshape(-1, period_px).mean(axis=0))[-2:]
            found.append(math.log(first / second))
        found.append(math.log(means.max() / means.min()))
    return found


def turned_levels() -> list[int]:
    """For each number of `band_levels`: its position for the transposed picture. Numbers of chroma
    do not distinguish rows from columns and keep their positions."""
    order: list[int] = []
    for level in range(_LEVELS):
        count = len(_CUTS) + (level < _COLOR_LEVELS)
        rows, columns, mixed = (
            range(len(order) + nth * count, len(order) + (nth + 1) * count) for nth in range(3)
        )
        order += [*columns, *rows, *mixed]
    of_chroma = 2 * _COLOR_LEVELS * 2 * len(_COLOR_CUTS)
    return [*order, *range(len(order), len(order) + of_chroma)]

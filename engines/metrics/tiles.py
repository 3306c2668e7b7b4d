"""Planes in tiles: the middle of a plane, and statistics of its squares, without copies of them.

Columns are brought together last: rows of a plane are added or compared as whole vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TILE_PX = 16
FEWEST_TILES = 4
"""That must show something, for a median over them to mean something."""


def middle(plane: Any, side_px: int) -> Any:
    """The middle of `plane` (height, width, ...), at most `side_px` a side, contiguous."""
    height, width = plane.shape[:2]
    top, left = max(0, (height - side_px) // 2), max(0, (width - side_px) // 2)
    return np.ascontiguousarray(plane[top : top + side_px, left : left + side_px])


def tile_ranges(plane: NDArray[Any], side_px: int = TILE_PX) -> NDArray[Any]:
    """Greatest less least value of each whole tile, shape (rows, columns)."""
    rows = _in_rows(plane, side_px)
    return _across(np.maximum, rows.max(axis=1), side_px) - _across(
        np.minimum, rows.min(axis=1), side_px
    )


def tile_counts(marks: NDArray[np.uint8], across_px: int = TILE_PX) -> NDArray[np.float32]:
    """How many of the 0 and 1 in each whole tile of 16 pixels are 1, shape (rows, columns); in its
    first `across_px` columns only."""
    sums = _in_rows(marks, TILE_PX).sum(axis=1, dtype=np.uint8)  # 16 at most
    return np.asarray(_columns(sums, TILE_PX)[..., :across_px].sum(axis=2, dtype=np.float32))


def tile_means(plane: NDArray[Any], side_px: int = TILE_PX) -> NDArray[Any]:
    """Mean of each whole tile, a power of two a side, shape (rows, columns), in the type of
    `plane`: integers are rounded at every halving."""
    rows, columns = (side // side_px for side in plane.shape)
    means = plane[: rows * side_px, : columns * side_px]
    while side_px > 1:  # halving is several times as fast as one step
        side_px //= 2
        size = columns * side_px, rows * side_px
        means = np.asarray(cv2.resize(means, size, interpolation=cv2.INTER_AREA))
    return means


def tile_deviations(plane: NDArray[np.float32], side_px: int = TILE_PX) -> NDArray[np.float32]:
    """Standard deviation of each whole tile, shape (rows, columns)."""
    means = tile_means(plane, side_px)
    squares = tile_means(np.asarray(cv2.multiply(plane, plane)), side_px)
    return np.asarray(np.sqrt(np.maximum(squares - means * means, 0)))


def quantiles(values: NDArray[Any], shares: Sequence[float]) -> NDArray[np.float64]:
    """As `numpy.quantile`, for few values an order faster."""
    ordered = np.sort(values, axis=None)
    places = np.asarray(shares) * (values.size - 1)
    before = places.astype(int)
    behind = np.minimum(before + 1, values.size - 1)
    return np.asarray(ordered[before] + (places - before) * (ordered[behind] - ordered[before]))


def median(values: NDArray[Any]) -> float:
    """Of at least one."""
    return float(quantiles(values, (0.5,))[0])


def _in_rows(plane: NDArray[Any], side_px: int) -> NDArray[Any]:
    """Shape (rows of tiles, side, width)."""
    rows = plane.shape[0] // side_px
    return plane[: rows * side_px].reshape(rows, side_px, plane.shape[1])


def _columns(plane: NDArray[Any], side_px: int) -> NDArray[Any]:
    """Shape (rows of tiles, columns of tiles, side)."""
    columns = plane.shape[1] // side_px
    return plane[:, : columns * side_px].reshape(len(plane), columns, side_px)


def _across(choose: np.ufunc, plane: NDArray[Any], side_px: int) -> NDArray[Any]:
    """The chosen of every `side_px` columns, a power of two, in halves."""
    chosen = plane[:, : plane.shape[1] // side_px * side_px]
    while side_px > 1:
        side_px //= 2
        chosen = choose(chosen[:, ::2], chosen[:, 1::2])
    return chosen

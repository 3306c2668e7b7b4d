"""Statistics of the square tiles of a plane, computed without copying the tiles.

Rows are combined first, as whole vectors, and columns last, because that is faster.
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
"""Smallest number of tiles that are not plain for which a median over them is meaningful."""


def middle(plane: Any, side_px: int) -> Any:
    """The middle of `plane` (height, width, ...), at most `side_px` pixels per side, as a
    contiguous array."""
    height, width = plane.shape[:2]
    top, left = max(0, (height - side_px) // 2), max(0, (width - side_px) // 2)
    return np.ascontiguousarray(plane[top : top + side_px, left : left + side_px])


def tile_ranges(plane: NDArray[Any], side_px: int = TILE_PX) -> NDArray[Any]:
    """Largest minus smallest value of each complete tile, shape (rows, columns)."""
    rows = _in_rows(plane, side_px)
    return _across(np.maximum, rows.max(axis=1), side_px) - _across(
        np.minimum, rows.min(axis=1), side_px
    )


def tile_counts(marks: NDArray[np.uint8], across_px: int = TILE_PX) -> NDArray[np.float32]:
    """Number of ones in each complete tile of 16 x 16 pixels of `marks`, which contains zeros and
    ones; shape (rows, columns). Counts only the first `across_px` columns of each tile."""
    sums = _in_rows(marks, TILE_PX).sum(axis=1, dtype=np.uint8)  # 16 at most
    return np.asarray(_columns(sums, TILE_PX)[..., :across_px].sum(axis=2, dtype=np.float32))


def tile_means(plane: NDArray[Any], side_px: int = TILE_PX) -> NDArray[Any]:
    """Mean of each complete tile, shape (rows, columns), with the dtype of `plane`. `side_px` must
    be a power of 2. Integers are rounded at every halving."""
    rows, columns = (side // side_px for side in plane.shape)
    means = plane[: rows * side_px, : columns * side_px]
    while side_px > 1:  # halving is several times as fast as one step
        side_px //= 2
        size = columns * side_px, rows * side_px
        means = np.asarray(cv2.resize(means, size, interpolation=cv2.INTER_AREA))
    return means


def tile_deviations(plane: NDArray[np.float32], side_px: int = TILE_PX) -> NDArray[np.float32]:
    """Standard deviation of each complete tile, shape (rows, columns)."""
    means = tile_means(plane, side_px)
    squares = tile_means(np.asarray(cv2.multiply(plane, plane)), side_px)
    return np.asarray(np.sqrt(np.maximum(squares - means * means, 0)))


def quantiles(values: NDArray[Any], shares: Sequence[float]) -> NDArray[np.float64]:
    """Like `numpy.quantile` of all `values`, which must not be empty, but about ten times as fast
    for few values. `shares`: 0 to 1."""
    ordered = np.sort(values, axis=None)
    places = np.asarray(shares) * (values.size - 1)
    before = places.astype(int)
    behind = np.minimum(before + 1, values.size - 1)
    return np.asarray(ordered[before] + (places - before) * (ordered[behind] - ordered[before]))


def median(values: NDArray[Any]) -> float:
    """Median of all `values`, of any shape; there must be at least one."""
    return float(quantiles(values, (0.5,))[0])


def _in_rows(plane: NDArray[Any], side_px: int) -> NDArray[Any]:
    """View of `plane` with shape (rows of tiles, side_px, width)."""
    rows = plane.shape[0] // side_px
    return plane[: rows * side_px].reshape(rows, side_px, plane.shape[1])


def _columns(plane: NDArray[Any], side_px: int) -> NDArray[Any]:
    """View of `plane` with shape (rows of tiles, columns of tiles, side_px)."""
    columns = plane.shape[1] // side_px
    return plane[:, : columns * side_px].reshape(len(plane), columns, side_px)


def _across(choose: np.ufunc, plane: NDArray[Any], side_px: int) -> NDArray[Any]:
    """Reduce every `side_px` columns (a power of 2) with `choose`, such as `numpy.maximum`, by
    repeated halving."""
    chosen = plane[:, : plane.shape[1] // side_px * side_px]
    while side_px > 1:
        side_px //= 2
        chosen = choose(chosen[:, ::2], chosen[:, 1::2])
    return chosen

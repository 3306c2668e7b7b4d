"""Planes in tiles: the middle of a plane, and statistics of its squares, without copies of them.

Columns are brought together last: rows of a plane are added or compared as whole vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    return _columns(rows.max(axis=1), side_px).max(axis=2) - _columns(
        rows.min(axis=1), side_px
    ).min(axis=2)


def tile_sums(
    plane: NDArray[Any], side_px: int = TILE_PX, across_px: int | None = None
) -> NDArray[np.float32]:
    """Sum of each whole tile, shape (rows, columns); of its first `across_px` columns only."""
    sums = _in_rows(plane, side_px).sum(axis=1, dtype=np.float32)
    return np.asarray(_columns(sums, side_px)[..., :across_px].sum(axis=2))


def tile_deviations(plane: NDArray[np.float32], side_px: int = TILE_PX) -> NDArray[np.float32]:
    """Standard deviation of each whole tile, shape (rows, columns)."""
    count = side_px * side_px
    means = tile_sums(plane, side_px) / count
    squares = tile_sums(plane * plane, side_px) / count
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

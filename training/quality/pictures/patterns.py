"""Good pictures with repetition, as in wallpapers: tiles, waves and facets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.types import Pixels


def tiles(index: int, side_px: int) -> Pixels:
    """One tile with a few shapes in two to four colors, repeated."""
    rng = np.random.default_rng(index)
    tile_px = max(16, side_px // int(rng.integers(4, 14)))
    colors = rng.integers(0, 256, (4, 3))
    tile = np.full((tile_px, tile_px, 3), colors[0], np.uint8)
    for color in colors[1 : int(rng.integers(2, 5))]:
        ink = tuple(int(value) for value in color)
        at = tuple(int(value) for value in rng.integers(0, tile_px, 2))
        size = int(tile_px * rng.uniform(0.1, 0.35))
        if rng.random() < 0.5:
            cv2.circle(tile, at, size, ink, -1, cv2.LINE_AA)
        else:
            end = at[0] + size, at[1] + int(size * rng.uniform(0.3, 2))
            cv2.rectangle(tile, at, end, ink, -1)
    times = -(-side_px // tile_px)
    return np.ascontiguousarray(np.tile(tile, (times, times, 1))[:side_px, :side_px])


def waves(index: int, side_px: int) -> Pixels:
    """Wavy bands of two colors, with soft or hard edges."""
    rng = np.random.default_rng(index)
    y, x = np.mgrid[:side_px, :side_px] / side_px
    swing = rng.uniform(0.02, 0.12) * np.sin(x * rng.uniform(6, 25) + rng.uniform(0, 6))
    phase = (y + swing) * rng.integers(3, 12) + x * rng.uniform(0, 4)
    height = np.sin(phase * 2 * np.pi) * rng.choice([0.5, 1, 4, 30])
    share = (np.clip(height, -1, 1)[..., None] + 1) / 2
    ends = rng.integers(0, 256, (2, 3)).astype(float)
    return (ends[0] * (1 - share) + ends[1] * share).astype(np.uint8)


def facets(index: int, side_px: int) -> Pixels:
    """Triangles in shades between two colors (low-poly style)."""
    rng = np.random.default_rng(index)
    count = int(rng.integers(5, 14))
    grid = np.stack(np.meshgrid(*[np.linspace(-0.1, 1.1, count)] * 2), -1)
    grid = (grid + rng.uniform(-0.35, 0.35, grid.shape) / count) * side_px
    ends = rng.integers(20, 240, (2, 3)).astype(float)
    picture = np.zeros((side_px, side_px, 3), np.uint8)
    for row in range(count - 1):
        for column in range(count - 1):
            corners = grid[row : row + 2, column : column + 2].reshape(-1, 2)
            for three in (corners[[0, 1, 2]], corners[[1, 3, 2]]):
                share = np.clip(row / count + rng.normal(0, 0.12), 0, 1)
                color = ends[0] * (1 - share) + ends[1] * share
                ink = tuple(int(value) for value in color)
                cv2.fillConvexPoly(picture, np.rint(three).astype(np.int32), ink, cv2.LINE_AA)
    return picture


DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {
    "tiles": tiles,
    "waves": waves,
    "facets": facets,
}

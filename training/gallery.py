"""Every place drawn once, in several layouts and three shapes, by all cores. No file is kept."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from training import places
from training.scenes import Sprites

SHAPES: dict[str, tuple[int, int]] = {"square": (512, 512), "wide": (512, 768), "tall": (768, 512)}
"""Height and width of the drawn places."""
Pictures = NDArray[np.uint8]
"""(n, height, width, 3) uint8, sRGB."""


def shape_of(height: int, width: int) -> str:
    """Return which shape of drawn place fits a picture of that size best."""
    if width > 1.2 * height:
        return "wide"
    return "tall" if height > 1.2 * width else "square"


@dataclass(frozen=True)
class Shelf:
    """Which places are drawn: rows in the order of :attr:`scenes`, ``layouts`` to each."""

    layouts: int

    @property
    def scenes(self) -> list[tuple[str, str]]:
        """List (place, hour)."""
        return [(place, hour) for place in places.PLACES for hour in places.hours(place)]

    def row(self, scene: tuple[str, str], draw: float) -> int:
        """Return the row of a scene whose layout is chosen by ``draw``, 0..1."""
        return self.scenes.index(scene) * self.layouts + int(draw * self.layouts)


def _draw(job: tuple[str, str, int], size: tuple[int, int], sprites: Sprites) -> Pictures:
    cv2.setNumThreads(1)
    return places.draw(*job, size, sprites).astype(np.uint8)


def draw_all(shelf: Shelf, shape: str, sprites: Sprites, processes: int = 0) -> Pictures:
    """Draw every scene in every layout, in one shape; 0 processes: as many as there are cores."""
    jobs = [(*scene, layout) for scene in shelf.scenes for layout in range(shelf.layouts)]
    work = partial(_draw, size=SHAPES[shape], sprites=sprites)
    many = processes or len(os.sched_getaffinity(0))
    if many == 1:
        return np.stack([work(job) for job in jobs])
    with ProcessPoolExecutor(many) as pool:
        return np.stack(list(pool.map(work, jobs, chunksize=8)))


def all_shapes(
    shelf: Shelf, sprites: Sprites, shapes: Sequence[str] = tuple(SHAPES)
) -> dict[str, Pictures]:
    """Draw the shelf in each shape."""
    return {shape: draw_all(shelf, shape, sprites) for shape in shapes}

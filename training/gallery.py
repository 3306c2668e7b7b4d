"""Stage 2: draw every place in several layouts and three shapes. ``python -m training.gallery``.

All cores draw, in processes that are forked before OpenCV starts threads (a fork after that can
hang). Each shape is a file of the cache, so that the next start only reads it.
"""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import Cache, parser
from training.pictures import places
from training.pictures.scenes import Sprites
from training.tiles import load_sprites

SHAPES: dict[str, tuple[int, int]] = {"square": (512, 512), "wide": (512, 768), "tall": (768, 512)}
"""Height and width of the drawn places."""
LAYOUTS = 8
Pictures = NDArray[np.uint8]
"""(n, height, width, 3) uint8, sRGB."""
Sizes = Mapping[str, tuple[int, int]]


def shape_of(height: int, width: int) -> str:
    """Return the shape of drawn places that fits a picture of this size best."""
    if width > 1.2 * height:
        return "wide"
    return "tall" if height > 1.2 * width else "square"


@remembered
def scene_numbers() -> dict[tuple[str, str], int]:
    """Return (place, hour) to its number."""
    every = [(place, hour) for place in places.PLACES for hour in places.hours(place)]
    return {scene: number for number, scene in enumerate(every)}


@dataclass(frozen=True)
class Shelf:
    """The order of the drawn places: that of :attr:`scenes`, with ``layouts`` rows for each."""

    layouts: int

    @property
    def scenes(self) -> list[tuple[str, str]]:
        """List (place, hour)."""
        return list(scene_numbers())

    def row(self, scene: tuple[str, str], draw: float) -> int:
        """Return the row of a scene. ``draw``, from 0 to below 1, selects the layout."""
        return scene_numbers()[scene] * self.layouts + int(draw * self.layouts)


@dataclass(frozen=True)
class Painter:
    """Draws one place after the other, in a worker process."""

    size: tuple[int, int]
    sprites: Sprites

    def __call__(self, job: tuple[str, str, int]) -> Pictures:
        """Return one place at an hour in a layout, (height, width, 3) uint8."""
        cv2.setNumThreads(1)
        return places.draw(*job, self.size, self.sprites).astype(np.uint8)


_painter: list[Painter] = []
"""The painter of the forked processes, which inherit it."""


def _paint(job: tuple[str, str, int]) -> Pictures:
    return _painter[0](job)


def draw_all(shelf: Shelf, size: tuple[int, int], sprites: Sprites, processes: int = 1) -> Pictures:
    """Draw every scene in every layout at one size.

    With more than one process, nothing of OpenCV may have run in this one before."""
    jobs = [(*scene, layout) for scene in shelf.scenes for layout in range(shelf.layouts)]
    painter = Painter(size, sprites)
    if processes == 1:
        return np.stack([painter(job) for job in jobs])
    made = np.zeros((len(jobs), *size, 3), np.uint8)
    _painter[:] = [painter]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for row, picture in enumerate(pool.imap(_paint, jobs, chunksize=4)):
            made[row] = picture
    return made


def file_of(cache: Cache, shelf: Shelf, shape: str) -> Path:
    """Return the path of the file of a shape."""
    return cache.file(f"places_{shape}_{shelf.layouts}.npy")


def drawn(
    cache: Cache, shelf: Shelf, sizes: Sizes = SHAPES, processes: int = 0
) -> dict[str, Pictures]:
    """Return the places in each shape. Draws them first if they are missing: in a new process that
    uses all cores, or in this one if ``processes`` is 1."""
    if not all(file_of(cache, shelf, shape).exists() for shape in sizes):
        if processes == 1:
            write(cache, shelf, sizes, 1)
        else:
            command = [sys.executable, "-m", "training.gallery", "--cache", str(cache.root)]
            subprocess.run([*command, "--layouts", str(shelf.layouts)], check=True)
    return {shape: np.load(file_of(cache, shelf, shape)) for shape in sizes}


def write(cache: Cache, shelf: Shelf, sizes: Sizes, processes: int) -> None:
    """Draw the missing shapes into the cache. Each file is written atomically."""
    sprites = load_sprites(cache)
    for shape, size in sizes.items():
        path = file_of(cache, shelf, shape)
        if path.exists():
            continue
        started = time.monotonic()
        beside = path.with_suffix(".part.npy")
        np.save(beside, draw_all(shelf, size, sprites, processes))
        os.replace(beside, path)
        print(f"gallery: {path.name}, {time.monotonic() - started:.1f} s", flush=True)


def main() -> None:
    """Draw every shape, on all cores."""
    made = parser(__doc__)
    made.add_argument("--layouts", type=int, default=LAYOUTS, help="layouts of each place and hour")
    args = made.parse_args()
    cores = len(os.sched_getaffinity(0))
    write(Cache(args.cache), Shelf(args.layouts), SHAPES, max(2, cores))


if __name__ == "__main__":
    main()

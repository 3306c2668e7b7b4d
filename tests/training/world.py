"""A tiny world for the tests: blocks of color instead of emoji, and small places."""

from pathlib import Path

import numpy as np

from training import tiles
from training.cache import Cache, save_arrays
from training.parts import Widths
from training.workshop import Options

BLOCK_PX = 16
NARROW = Widths((16, 16, 32), 32, 8)


def a_cache(folder: Path) -> Cache:
    """Return a cache with a block of color for each drawing that Noto is asked for."""
    made, rng = Cache(folder), np.random.default_rng(0)
    packed = {}
    for drawing in tiles.wanted():
        if drawing.style == "emoji":
            tile = np.zeros((BLOCK_PX, BLOCK_PX, 4), np.uint8)
            tile[4:12, 4:12] = (*rng.integers(0, 255, 3), 255)
            packed[drawing.key] = tiles.pack(tile)
    for name in tiles.SPRITES:
        packed[f"sprite:{name}"] = tiles.pack(np.full((BLOCK_PX, BLOCK_PX, 4), 200, np.uint8))
    save_arrays(made.file("tiles.npz"), packed)
    return made


def options(cache: Cache, batch: int = 4) -> Options:
    """Return the options of a stage in this process, on the CPU."""
    sizes = {"square": (64, 64), "wide": (64, 96), "tall": (96, 64)}
    return Options(cache, 0, "cpu", 0, batch, 1, 3, sizes, NARROW, 1)

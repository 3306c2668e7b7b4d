"""A cache for the tests: banks of tiny random latents instead of pictures."""

from pathlib import Path

import numpy as np

from training.cache import Cache, save_arrays
from training.first.concepts import CONCEPTS, PLACES, SETS
from training.first.latents import CHANNELS, GRIDS, Basis, patches, scene_rows
from training.first.pictures import ICONS, PLACE_LAYOUTS, POSES, SET_LAYOUTS
from training.first.render import variants

GRID = (2, 2)


def a_cache(folder: Path) -> Cache:
    """Return a cache with a basis and banks, which all have the same size, despite their names."""
    made, rng = Cache(folder), np.random.default_rng(0)
    basis = Basis.fit(patches(rng.uniform(0, 255, (256, 256, 3)).astype(np.float32)))
    code = {"mean": basis.mean, "project": basis.project, "restore": basis.restore}
    save_arrays(made.file("basis.npz"), code)
    drawings = len(variants())
    shapes = {
        "objects": (drawings, len(POSES), 4),
        "3d": (drawings, len(POSES), 4),
        "flat": (drawings, len(ICONS), 4),
        "two": (drawings, 2, 4),
        "3d_two": (drawings, 2, 4),
        "three": (drawings, 3, 4),
        "with": (drawings, 2, 4),
        "scenes": (len(scene_rows()),),
        "places": (len(CONCEPTS), len(PLACES), PLACE_LAYOUTS),
        "3d_places": (len(CONCEPTS), len(PLACES)),
        "sets": (len(SETS), SET_LAYOUTS),
    }
    bank = {
        name: rng.normal(size=(*shape, CHANNELS, *GRID)).astype(np.float16)
        for name, shape in shapes.items()
    }
    for height, width in GRIDS:
        save_arrays(made.file(f"bank_{height}x{width}.npz"), bank)
    return made

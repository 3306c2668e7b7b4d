"""A cache with small made-up art: what the decoder and the encoder are trained on."""

from pathlib import Path

import numpy as np

from training.cache import Cache, save_arrays
from training.first.finishes import FINISHES
from training.first.latents import PATCH_PX, Basis, patches
from training.first.render import variants
from training.tiles import SPRITES


def art_cache(folder: Path) -> Cache:
    """Blocks of color instead of emoji, and a basis of them."""
    made, rng = Cache(folder), np.random.default_rng(0)
    blocks = rng.integers(0, 256, (len(variants()), 10, 10, 4), dtype=np.uint8)
    sprites = {
        f"sprite:{name}": rng.integers(0, 256, (16, 16, 4), dtype=np.uint8) for name in SPRITES
    }
    finished = {f"finish:{name}": blocks for name in FINISHES}
    save_arrays(made.file("tiles.npz"), {"objects": blocks, **finished, **sprites})
    rows = patches(rng.uniform(0, 255, (16 * PATCH_PX, 16 * PATCH_PX, 3)).astype(np.float32))
    basis = Basis.fit(rows)
    save_arrays(
        made.file("basis.npz"),
        {"mean": basis.mean, "project": basis.project, "restore": basis.restore},
    )
    return made

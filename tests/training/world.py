"""Tiny training data for the tests: blocks of color instead of emoji, and small places."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from torch.utils._python_dispatch import TorchDispatchMode

from training import tiles
from training.cache import Cache, save_arrays
from training.networks.parts import Widths
from training.workshop import Options

BLOCK_PX = 16
NARROW = Widths((16, 16, 32), 32, 8)


def a_cache(folder: Path) -> Cache:
    """Return a cache with a block of color for each drawing of the Noto style."""
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


READS = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero")
"""Operations for which the host waits, which are not allowed in CUDA graphs."""


class NoReads(TorchDispatchMode):
    """Fails if a value is read from the device."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        assert not any(name in str(func) for name in READS), func
        return func(*args, **(kwargs or {}))

"""What a form of a family of defects is, and how it is turned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from engines.types import Pixels

Spoil = Callable[["Pixels", float], "Pixels"]
Levels = Sequence[float]
Form = Callable[["Generator"], tuple[Spoil, Levels]]
"""Draws one form of a family: what spoils a picture, and its five growing levels."""
LOST_COLORS = ((0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 255), (0, 135, 0))
"""RGB colors of missing lines and parts, as sensors, editors and decoders produce them."""


def cut(values: np.ndarray[tuple[int, ...], np.dtype[np.number]]) -> Pixels:
    """The values rounded and clipped to 0..255, uint8."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def either_way(spoil: Spoil, rng: Generator) -> Spoil:
    """Apply `spoil` along rows or along columns, at random."""
    if rng.random() < 0.5:
        return spoil

    def along_columns(pixels: Pixels, level: float) -> Pixels:
        turned = spoil(np.ascontiguousarray(pixels.transpose(1, 0, 2)), level)
        return np.ascontiguousarray(turned.transpose(1, 0, 2))

    return along_columns


def at_an_end(spoil: Spoil, rng: Generator) -> Spoil:
    """Apply `spoil`, which changes the lower end, to a random one of the four ends."""
    turns = int(rng.integers(4))

    def turned(pixels: Pixels, level: float) -> Pixels:
        spoiled = spoil(np.ascontiguousarray(np.rot90(pixels, turns)), level)
        return np.ascontiguousarray(np.rot90(spoiled, -turns))

    return turned

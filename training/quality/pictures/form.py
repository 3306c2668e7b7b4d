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
"""RGB that lost lines and parts have: what sensors, editors and decoders leave."""


def cut(values: np.ndarray[tuple[int, ...], np.dtype[np.number]]) -> Pixels:
    """Rounded and cut to 0..255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def either_way(spoil: Spoil, rng: Generator) -> Spoil:
    """Along rows or along columns."""
    if rng.random() < 0.5:
        return spoil

    def along_columns(pixels: Pixels, level: float) -> Pixels:
        turned = spoil(np.ascontiguousarray(pixels.transpose(1, 0, 2)), level)
        return np.ascontiguousarray(turned.transpose(1, 0, 2))

    return along_columns


def at_an_end(spoil: Spoil, rng: Generator) -> Spoil:
    """At the lower end, or at another of the four."""
    turns = int(rng.integers(4))

    def turned(pixels: Pixels, level: float) -> Pixels:
        spoiled = spoil(np.ascontiguousarray(np.rot90(pixels, turns)), level)
        return np.ascontiguousarray(np.rot90(spoiled, -turns))

    return turned

"""Classifies pictures without the judge: by the thing whose own drawing is nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE_PX = 16
Images = NDArray[np.float32]
"""(n, height, width, 3) float32, sRGB 0..1; square."""


def thumbnails(images: Images) -> Images:
    """Return (n, 768) float32: 16x16 RGB thumbnails with mean 0 and norm 1. The pictures must be
    square, with a side that is a multiple of 16."""
    n, side = images.shape[0], images.shape[1] // SIDE_PX
    small = images.reshape(n, SIDE_PX, side, SIDE_PX, side, 3).mean((2, 4)).reshape(n, -1)
    small = small - small.mean(1, keepdims=True)
    return np.asarray(small / (np.linalg.norm(small, axis=1, keepdims=True) + 1e-6), np.float32)


@dataclass(frozen=True)
class Prototypes:
    """The training art as ``training.first.prototypes`` writes it. ``tiles``: (names, drawings, 16,
    16, 3), 0..1."""

    names: list[str]
    tiles: Images

    @classmethod
    def load(cls, path: Path, prefix: str = "") -> "Prototypes":
        """Read the objects, or with the prefix ``scene_`` the landscapes."""
        with np.load(path) as data:
            names = [str(name) for name in data[prefix + "names"]]
            return cls(names, data[prefix + "tiles"].astype(np.float32) / 255)

    def nearest(self, images: Images) -> list[str]:
        """Return for each picture the name of the thing whose drawing, in any pose, is nearest."""
        drawings = self.tiles.shape[1]
        near = thumbnails(images) @ thumbnails(self.tiles.reshape(-1, *self.tiles.shape[2:])).T
        best = near.reshape(len(images), len(self.names), drawings).max(2).argmax(1)
        return [self.names[int(each)] for each in best]

    def recognized(self, images: Images, names: Sequence[str]) -> list[str]:
        """Return those of ``names`` whose picture is nearest to their own drawing. ``names``: one
        for each picture."""
        found = self.nearest(images)
        return [name for name, guess in zip(names, found, strict=True) if name == guess]

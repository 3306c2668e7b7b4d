"""The layouts of a batch of pictures as tensors, from which a device composes the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.gallery import Shelf
from training.language.sentences import Picture
from training.pictures.layouts import Ground, Placed

LAYERS = 7
TILE, X, Y, SIDE, ANGLE, FLIP, HUE = range(7)
SCENE, GROUND_FLIP, ZOOM = range(3)


@dataclass(frozen=True)
class Plan:
    """Float32 tensors on the CPU. ``grounds`` (n, 9): row of the scene or -1, flip (1 or -1), zoom,
    top and bottom RGB, 0..255. ``layers`` (n, 7, 7): number of the tile or -1, x, y, side, angle,
    flip (1 or -1), hue."""

    grounds: Tensor
    layers: Tensor

    def __len__(self) -> int:
        return len(self.grounds)


def ground_numbers(ground: Ground, shelf: Shelf) -> list[float]:
    """Return one row of ``Plan.grounds``."""
    row = -1 if ground.scene is None else shelf.row(ground.scene, ground.draw)
    return [row, -1 if ground.flip else 1, ground.zoom, *ground.top, *ground.bottom]


def layer_numbers(placed: Placed) -> list[float]:
    """Return one row of ``Plan.layers``."""
    flip = -1 if placed.flip else 1
    return [placed.tile, placed.x, placed.y, placed.side, placed.angle, flip, placed.hue]


def plan(pictures: Sequence[Picture], shelf: Shelf) -> Plan:
    """Return the plan of a batch; drawings beyond the seventh are left out."""
    layers = np.full((len(pictures), LAYERS, 7), -1, np.float32)
    for row, picture in zip(layers, pictures, strict=True):
        for slot, placed in zip(row, picture.placed, strict=False):
            slot[:] = layer_numbers(placed)
    grounds = np.array([ground_numbers(p.ground, shelf) for p in pictures], np.float32)
    return Plan(torch.from_numpy(grounds), torch.from_numpy(layers))

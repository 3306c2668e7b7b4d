"""Composes pictures from plans, many at once, on any device: affine sampling of tiles and places.

The tiles are on the device in several sizes (a pyramid), so that a small drawing is sampled from a
small tile, without aliasing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.gallery import Pictures, shape_of
from training.plans import (
    ANGLE,
    FLIP,
    GROUND_FLIP,
    HUE,
    LAYERS,
    SCENE,
    SIDE,
    TILE,
    ZOOM,
    Plan,
    X,
    Y,
)
from training.tiles import Tiles

LEVELS = 4
Fused = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], None]
"""Draws all tiles on pictures (n, 3, h, w) at once. Arguments: pictures, numbers of tiles (n, 7),
levels (n, 7), affine matrices (n, 7, 2, 3), hue matrices (n, 7, 3, 3)."""
CHUNK = 256
"""Number of tiles or places that are processed at once, to save memory."""


def on_device(pictures: Pictures, device: str) -> Tensor:
    """Return (n, h, w, c) uint8 pictures as (n, c, h, w) on the device."""
    return torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).contiguous()


def halved(pictures: Tensor) -> Tensor:
    """Return uint8 pictures (n, c, h, w) at half their size."""
    small = [F.avg_pool2d(part.float(), 2).round().byte() for part in pictures.split(CHUNK)]
    return torch.cat(small)


def premultiplied(tiles: Tensor) -> Tensor:
    """Return uint8 tiles (n, 4, h, w) with colors premultiplied by alpha."""
    made = tiles.clone()
    for part in made.split(CHUNK):
        part[:, :3] = (part[:, :3].float() * part[:, 3:].float() / 255).round().byte()
    return made


def hue_turn(angle: Tensor) -> Tensor:
    """Return matrices (n, 3, 3) that rotate RGB colors about the gray axis by angles (n,),
    radians."""
    cos, sin = angle.cos(), angle.sin()
    a, b = cos + (1 - cos) / 3, (1 - cos) / 3 - sin / math.sqrt(3)
    c = (1 - cos) / 3 + sin / math.sqrt(3)
    return torch.stack([a, b, c, c, a, b, b, c, a], -1).view(-1, 3, 3)


@dataclass(frozen=True)
class Windows:
    """A square part of each picture: (n, 2) int64 upper left corners (y, x) on the CPU, and its
    side in pixels."""

    corners: Tensor
    side: int


class Composer:
    """Tiles and places on a device; :meth:`pictures` composes a batch.

    The data of a batch is copied to the device in a few transfers, and nothing is copied back, so
    that the next batch can be composed while the network runs."""

    def __init__(
        self,
        tiles: Tiles,
        places: dict[str, Pictures],
        device: str,
        fuse: Callable[[list[Tensor]], Fused] | None = None,
    ) -> None:
        self.device = device
        level = premultiplied(on_device(tiles.pixels, device))
        self._tiles = [level]
        for _ in range(LEVELS - 1):
            level = halved(level)
            self._tiles.append(level)
        self._fused = None if fuse is None else fuse(self._tiles)
        self._places = {shape: on_device(drawn, device) for shape, drawn in places.items()}
        self._half_places = {shape: halved(drawn) for shape, drawn in self._places.items()}

    def pictures(
        self, plan: Plan, height: int, width: int, windows: Windows | None = None
    ) -> Tensor:
        """Return float32 pictures (n, 3, height, width), 0..255; with ``windows``, only these
        parts."""
        seen = self._seen(len(plan), height, width, windows)
        layers = self.sent(plan.layers)
        turns = layer_turns(layers, height, width) @ seen[:, None]
        hues = hue_turn(layers[..., HUE].flatten()).view(len(plan), LAYERS, 3, 3)
        chosen, short = layers[..., TILE].long(), min(height, width)
        side = (height, width) if windows is None else (windows.side, windows.side)
        canvas = self._grounds(plan, (height, width), side, seen)
        if self._fused is not None:
            self._fused(canvas, chosen, self._levels(layers, short), turns, hues)
        else:
            self._put_each(canvas, self._levels(plan.layers, short), chosen, turns, hues)
        return canvas.clamp_(0, 255)

    def _put_each(
        self, canvas: Tensor, level: Tensor, chosen: Tensor, turns: Tensor, hues: Tensor
    ) -> None:
        groups = self._groups(level)
        if not groups:
            return
        lengths = [len(rows) for _, _, rows in groups]
        every = self.sent(torch.cat([rows for _, _, rows in groups])).split(lengths)
        for (slot, size, _), at in zip(groups, every, strict=True):
            drawn = self._tiles[size][chosen[at, slot]].float()
            put(canvas, at, drawn, turns[at, slot], hues[at, slot])

    def sent(self, values: Tensor) -> Tensor:
        """Copy values from the host to the device, without waiting."""
        if self.device == "cpu":
            return values
        return values.pin_memory().to(self.device, non_blocking=True)

    def _seen(self, count: int, height: int, width: int, windows: Windows | None) -> Tensor:
        """Return matrices (n, 3, 3) from coordinates in the window to those in the picture, both
        -1..1."""
        made = torch.eye(3).repeat(count, 1, 1)
        if windows is not None:
            sides = torch.tensor([width, height])
            corners = windows.corners.flip(1)
            made[:, :2, 2] = (2 * corners + windows.side) / sides - 1
            made[:, 0, 0], made[:, 1, 1] = windows.side / width, windows.side / height
        return self.sent(made)

    def _levels(self, layers: Tensor, short: int) -> Tensor:
        """Return int64 (n, 7): the level of each drawing in the pyramid, -1 for no drawing."""
        px = layers[..., SIDE] * short
        level = (self._tiles[0].shape[-1] / px.clamp(min=1)).log2().round().clamp(0, LEVELS - 1)
        return torch.where(layers[..., TILE] >= 0, level, -1).long()

    def _groups(self, level: Tensor) -> list[tuple[int, int, Tensor]]:
        """Return (slot, level, rows) of all drawings, the farthest first."""
        found = []
        for slot in range(LAYERS):
            for at in range(LEVELS):
                rows = (level[:, slot] == at).nonzero()[:, 0]
                if len(rows):
                    found.append((slot, at, rows))
        return found

    def _grounds(
        self, plan: Plan, whole: tuple[int, int], side: tuple[int, int], seen: Tensor
    ) -> Tensor:
        told = self.sent(plan.grounds)
        colors = told[:, 3:].reshape(-1, 2, 3, 1, 1)
        centers = (2 * torch.arange(side[0], device=self.device) + 1) / side[0] - 1
        place = seen[:, 1, 1, None] * centers + seen[:, 1, 2, None]
        share = ((place + 1) * whole[0] - 1) / (2 * (whole[0] - 1))
        share = share.view(-1, 1, side[0], 1)
        canvas = torch.lerp(colors[:, 0], colors[:, 1], share)
        canvas = canvas.expand(-1, -1, -1, side[1]).contiguous()
        rows = (plan.grounds[:, SCENE] >= 0).nonzero()[:, 0]
        if len(rows):
            at, shape = self.sent(rows), shape_of(*whole)
            shelf = (self._half_places if min(whole) <= 320 else self._places)[shape]
            canvas.index_copy_(0, at, behind(shelf, told[at], seen[at], min(whole), side))
        return canvas


def behind(shelf: Tensor, told: Tensor, seen: Tensor, short: int, side: tuple[int, int]) -> Tensor:
    """Return places of a shelf, (k, 3, *side). ``told`` (k, 9): rows of ``Plan.grounds``."""
    zoom = 1 / told[:, ZOOM]
    turn = torch.zeros(len(told), 2, 3, device=told.device)
    turn[:, 0, 0], turn[:, 1, 1] = zoom * told[:, GROUND_FLIP], zoom
    turn[:, 1, 2] = (1 - zoom) * 0.4
    chosen = shelf[told[:, SCENE].long()].float()
    if min(chosen.shape[-2:]) >= 2 * short:
        chosen = F.avg_pool2d(chosen, 2)
    grid = F.affine_grid(turn @ seen, [len(told), 3, *side], align_corners=False)
    return F.grid_sample(chosen, grid, padding_mode="border", align_corners=False)


def layer_turns(layers: Tensor, height: int, width: int) -> Tensor:
    """Return matrices (n, 7, 2, 3) from coordinates in the picture to those in the tile, both
    -1..1."""
    cos, sin = layers[..., ANGLE].cos(), layers[..., ANGLE].sin()
    short, flip = min(height, width), layers[..., FLIP]
    across, down = width / short / layers[..., SIDE], height / short / layers[..., SIDE]
    turn = torch.stack([flip * cos * across, flip * sin * down, -sin * across, cos * down], -1)
    turn = turn.unflatten(-1, (2, 2))
    at = torch.stack([2 * layers[..., X] - 1, 2 * layers[..., Y] - 1], -1)
    return torch.cat([turn, -(turn @ at[..., None])], -1)


def put(canvas: Tensor, at: Tensor, tiles: Tensor, turn: Tensor, hue: Tensor) -> None:
    """Draw tiles (k, 4, s, s) on the rows ``at`` of the canvas, with affine matrices ``turn``
    (k, 2, 3) and hue matrices ``hue`` (k, 3, 3)."""
    shape = [len(at), 4, *canvas.shape[-2:]]
    grid = F.affine_grid(turn, shape, align_corners=False)
    drawn = F.grid_sample(tiles, grid, align_corners=False)
    color = (hue @ drawn[:, :3].flatten(2)).view(len(at), 3, *shape[2:])
    color = color.minimum(drawn[:, 3:]).clamp_(min=0)
    clear = drawn[:, 3:].div(-255).add_(1)
    canvas.index_copy_(0, at, color.addcmul_(canvas[at], clear))

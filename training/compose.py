"""Composes pictures from plans, many at once, on any device: affine sampling of tiles and places.

The tiles lie on the device as a pyramid of sizes, so that a small drawing is sampled from a small
tile and does not flicker.
"""

import math

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
CHUNK = 256
"""Tiles or places that are put on the device and halved at once."""


def on_device(pictures: Pictures, device: str) -> Tensor:
    """Return (n, h, w, c) uint8 pictures as (n, c, h, w) on the device."""
    return torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).contiguous()


def halved(pictures: Tensor) -> Tensor:
    """Return (n, c, h, w) uint8 pictures at half their size; works in chunks to save memory."""
    small = [F.avg_pool2d(part.float(), 2).round().byte() for part in pictures.split(CHUNK)]
    return torch.cat(small)


def premultiplied(tiles: Tensor) -> Tensor:
    """Return (n, 4, h, w) uint8 tiles with color times alpha."""
    made = tiles.clone()
    for part in made.split(CHUNK):
        part[:, :3] = (part[:, :3].float() * part[:, 3:].float() / 255).round().byte()
    return made


def hue_turn(angle: Tensor) -> Tensor:
    """Return (n, 3, 3) matrices that turn RGB colors about the gray axis by (n,) radians."""
    cos, sin = angle.cos(), angle.sin()
    a, b = cos + (1 - cos) / 3, (1 - cos) / 3 - sin / math.sqrt(3)
    c = (1 - cos) / 3 + sin / math.sqrt(3)
    return torch.stack([a, b, c, c, a, b, b, c, a], -1).view(-1, 3, 3)


class Composer:
    """Tiles and places on a device; :meth:`pictures` composes a batch."""

    def __init__(self, tiles: Tiles, places: dict[str, Pictures], device: str) -> None:
        self.device = device
        level = premultiplied(on_device(tiles.pixels, device))
        self._tiles = [level]
        for _ in range(LEVELS - 1):
            level = halved(level)
            self._tiles.append(level)
        self._places = {shape: on_device(drawn, device) for shape, drawn in places.items()}
        self._half_places = {shape: halved(drawn) for shape, drawn in self._places.items()}

    def pictures(self, plan: Plan, height: int, width: int) -> Tensor:
        """Return (n, 3, height, width) float32 pictures, 0..255."""
        canvas = self._grounds(plan, height, width)
        for slot in range(LAYERS):
            layer = plan.layers[:, slot]
            px = layer[:, SIDE] * min(height, width)
            level = (self._tiles[0].shape[-1] / px.clamp(min=1)).log2().round().clamp(0, LEVELS - 1)
            for at in range(LEVELS):
                rows = ((layer[:, TILE] >= 0) & (level == at)).nonzero()[:, 0]
                if len(rows):
                    self._put(canvas, rows, layer[rows], self._tiles[at])
        return canvas.clamp_(0, 255)

    def _grounds(self, plan: Plan, height: int, width: int) -> Tensor:
        colors = plan.grounds[:, 3:].to(self.device, non_blocking=True).view(-1, 2, 3, 1, 1)
        share = torch.linspace(0, 1, height, device=self.device).view(1, 1, height, 1)
        canvas = torch.lerp(colors[:, 0], colors[:, 1], share)
        canvas = canvas.expand(-1, -1, -1, width).contiguous()
        rows = (plan.grounds[:, SCENE] >= 0).nonzero()[:, 0]
        if len(rows):
            shape = shape_of(height, width)
            shelf = (self._half_places if min(height, width) <= 320 else self._places)[shape]
            told = plan.grounds[rows].to(self.device, non_blocking=True)
            zoom = 1 / told[:, ZOOM]
            turn = torch.zeros(len(rows), 2, 3, device=self.device)
            turn[:, 0, 0], turn[:, 1, 1] = zoom * told[:, GROUND_FLIP], zoom
            turn[:, 1, 2] = (1 - zoom) * 0.4
            chosen = shelf[told[:, SCENE].long()].float()
            if min(chosen.shape[-2:]) >= 2 * min(height, width):
                chosen = F.avg_pool2d(chosen, 2)
            grid = F.affine_grid(turn, [len(rows), 3, height, width], align_corners=False)
            drawn = F.grid_sample(chosen, grid, padding_mode="border", align_corners=False)
            canvas[rows.to(self.device)] = drawn
        return canvas

    def _put(self, canvas: Tensor, rows: Tensor, layer: Tensor, tiles: Tensor) -> None:
        height, width = canvas.shape[-2:]
        told = layer.to(self.device, non_blocking=True)
        cos, sin = told[:, ANGLE].cos(), told[:, ANGLE].sin()
        short = min(height, width)
        x, y = 2 * told[:, X] - 1, 2 * told[:, Y] - 1
        across, down = width / short / told[:, SIDE], height / short / told[:, SIDE]
        flip = told[:, FLIP]
        turn = torch.zeros(len(rows), 2, 3, device=self.device)
        turn[:, 0, 0], turn[:, 0, 1] = flip * cos * across, flip * sin * down
        turn[:, 1, 0], turn[:, 1, 1] = -sin * across, cos * down
        turn[:, :, 2] = -(turn[:, :, :2] @ torch.stack([x, y], -1)[..., None])[..., 0]
        grid = F.affine_grid(turn, [len(rows), 4, height, width], align_corners=False)
        drawn = F.grid_sample(tiles[told[:, TILE].long()].float(), grid, align_corners=False)
        alpha = drawn[:, 3:] / 255
        color = torch.einsum("nij,njhw->nihw", hue_turn(told[:, HUE]), drawn[:, :3])
        at = rows.to(self.device)
        canvas[at] = canvas[at] * (1 - alpha) + color.minimum(drawn[:, 3:]).clamp(min=0)

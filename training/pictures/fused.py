"""One kernel that draws all tiles of a batch, for GPUs with Triton.

Without it, :class:`training.pictures.compose.Composer` launches some hundreds of kernels and reads
and writes every picture about fifteen times for each drawing. This kernel does so once, with the
same result. ``python -m training.pictures.fused --device cuda`` compares both on pictures of noise
and prints whether they agree. Without a GPU it runs with ``TRITON_INTERPRET=1``.
"""

import argparse

import torch
import triton
import triton.language as tl
from torch import Tensor

from training.pictures.compose import Composer, Windows
from training.plans import FLIP, LAYERS, SCENE, SIDE, TILE, Plan
from training.tiles import Drawing, Tiles

BLOCK = 512
TOLERANCE = 1.0
"""Largest allowed difference, of 255. Rounding can change a level or the edge of a pixel."""


@triton.jit
def _texel(tile, row, column, side, weight, inside):  # type: ignore[no-untyped-def]
    held = inside & (row >= 0) & (row < side) & (column >= 0) & (column < side)
    texel = tl.load(tile + row * side + column, mask=held, other=0)
    red = weight * (texel & 255).to(tl.float32)
    green = weight * ((texel >> 8) & 255).to(tl.float32)
    blue = weight * ((texel >> 16) & 255).to(tl.float32)
    alpha = weight * ((texel >> 24) & 255).to(tl.float32)
    return red, green, blue, alpha


@triton.jit
def _sampled(tile, side, u, v, inside):  # type: ignore[no-untyped-def]
    """Return colors and alpha of a tile at coordinates -1..1, interpolated between four texels;
    transparent outside of the tile."""
    column, row = ((u + 1) * side - 1) * 0.5, ((v + 1) * side - 1) * 0.5
    left, top = tl.floor(column), tl.floor(row)
    x, y = column - left, row - top
    i, j = top.to(tl.int32), left.to(tl.int32)
    r0, g0, b0, a0 = _texel(tile, i, j, side, (1 - y) * (1 - x), inside)
    r1, g1, b1, a1 = _texel(tile, i, j + 1, side, (1 - y) * x, inside)
    r2, g2, b2, a2 = _texel(tile, i + 1, j, side, y * (1 - x), inside)
    r3, g3, b3, a3 = _texel(tile, i + 1, j + 1, side, y * x, inside)
    return r0 + r1 + r2 + r3, g0 + g1 + g2 + g3, b0 + b1 + b2 + b3, a0 + a1 + a2 + a3


@triton.jit
def _mixed(below, row, red, green, blue, alpha):  # type: ignore[no-untyped-def]
    """Return one channel with the drawing on it. ``row``: row of the hue matrix for the channel."""
    turned = tl.load(row) * red + tl.load(row + 1) * green + tl.load(row + 2) * blue
    return below * (1 - alpha / 255) + tl.maximum(tl.minimum(turned, alpha), 0.0)


@triton.jit
def _put_all(  # type: ignore[no-untyped-def]
    canvas,
    texels,
    starts,
    sides,
    turns,
    hues,
    height,
    width,
    layers: tl.constexpr,
    block: tl.constexpr,
):
    picture = tl.program_id(1).to(tl.int64)
    at = tl.program_id(0) * block + tl.arange(0, block)
    size = height * width
    inside = at < size
    x = (2 * (at % width) + 1).to(tl.float32) / width - 1
    y = (2 * (at // width) + 1).to(tl.float32) / height - 1
    here = canvas + picture * 3 * size + at
    r = tl.load(here, mask=inside, other=0.0)
    g = tl.load(here + size, mask=inside, other=0.0)
    b = tl.load(here + 2 * size, mask=inside, other=0.0)
    for slot in range(layers):
        number = picture * layers + slot
        start = tl.load(starts + number)
        if start >= 0:
            t, h = turns + number * 6, hues + number * 9
            u = tl.load(t) * x + tl.load(t + 1) * y + tl.load(t + 2)
            v = tl.load(t + 3) * x + tl.load(t + 4) * y + tl.load(t + 5)
            side = tl.load(sides + number)
            red, green, blue, alpha = _sampled(texels + start, side, u, v, inside)
            r = _mixed(r, h, red, green, blue, alpha)
            g = _mixed(g, h + 3, red, green, blue, alpha)
            b = _mixed(b, h + 6, red, green, blue, alpha)
    tl.store(here, r, mask=inside)
    tl.store(here + size, g, mask=inside)
    tl.store(here + 2 * size, b, mask=inside)


class Fused:
    """The kernel with the composer's pyramid of tiles: each level is uint8 (n, 4, s, s)."""

    def __init__(self, levels: list[Tensor]) -> None:
        each = [level.permute(0, 2, 3, 1).contiguous().view(torch.int32) for level in levels]
        self._texels = torch.cat([texels.flatten() for texels in each])
        sizes = torch.tensor([0] + [texels.numel() for texels in each[:-1]])
        self._firsts = sizes.cumsum(0).to(self._texels.device)
        self._sides = torch.tensor([texels.shape[1] for texels in each]).to(self._texels.device)

    def __call__(
        self, canvas: Tensor, chosen: Tensor, level: Tensor, turns: Tensor, hues: Tensor
    ) -> None:
        """Draw the tiles ``chosen`` (n, slots) on float32 pictures (n, 3, h, w). ``level``
        (n, slots): -1 for no tile."""
        known = level.clamp(min=0)
        side = self._sides[known]
        starts = torch.where(level >= 0, self._firsts[known] + chosen * side * side, -1)
        count, _, height, width = canvas.shape
        grid = (triton.cdiv(height * width, BLOCK), count)
        told = starts.contiguous(), side.int(), turns.contiguous(), hues.contiguous()
        _put_all[grid](
            canvas, self._texels, *told, height, width, layers=level.shape[1], block=BLOCK
        )


def noise(count: int, generator: torch.Generator) -> tuple[Tiles, Plan]:
    """Return tiles of noise, and a plan with them at random places."""
    pixels = torch.randint(0, 256, (6, 128, 128, 4), generator=generator, dtype=torch.uint8)
    layers = torch.rand(count, LAYERS, 7, generator=generator)
    layers[..., TILE] = torch.randint(-1, 6, (count, LAYERS), generator=generator)
    layers[..., SIDE] += 0.1
    layers[..., FLIP] = layers[..., FLIP].round() * 2 - 1
    grounds = torch.rand(count, 9, generator=generator) * 255
    grounds[:, SCENE] = -1
    drawings = tuple(Drawing(at, 0, "emoji") for at in range(6))
    return Tiles(drawings, pixels.numpy()), Plan(grounds, layers)


def difference(device: str, count: int, height: int, width: int) -> float:
    """Return the largest difference, 0..255, between pictures of the kernel and of the composer."""
    tiles, plan = noise(count, torch.Generator().manual_seed(0))
    windows = Windows(torch.tensor([[height // 4, width // 8]] * count), height // 2)
    pair = [Composer(tiles, {}, device, fuse) for fuse in (None, Fused)]
    found = []
    for part in (None, windows):
        own, fused = (composer.pictures(plan, height, width, part) for composer in pair)
        found.append(float((own - fused).abs().max()))
    return max(found)


def main() -> None:
    """Compare both, and print whether they agree."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--device", default="cuda")
    device = made.parse_args().device
    far = difference(device, 16, 128, 192)
    print(f"{'works: fused' if far < TOLERANCE else 'differs by'} {far:.3f} of 255", flush=True)


if __name__ == "__main__":
    main()

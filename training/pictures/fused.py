"""All drawings of a batch put on their pictures by one kernel, for GPUs with Triton.

Drawing by drawing, :class:`training.pictures.compose.Composer` launches some hundreds of
kernels and moves every picture through memory about fifteen times a drawing; this kernel moves
it once, and does the same: ``python -m training.pictures.fused --device cuda`` compares both on
pictures of noise, in a process of its own, and says whether they agree. Where there is no GPU,
``TRITON_INTERPRET=1`` runs it.
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
"""Of 255: a level or a pixel's edge may fall to the other side by rounding."""


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
    """Return a tile's colors and alpha at places -1..1, between four texels; clear outside."""
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
    """Return one channel with the drawing on it; ``row`` is the hue's for that channel."""
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
    """The kernel over a pyramid of tiles: levels of (n, 4, s, s) uint8, as the composer's."""

    def __init__(self, levels: list[Tensor]) -> None:
        each = [level.permute(0, 2, 3, 1).contiguous().view(torch.int32) for level in levels]
        self._texels = torch.cat([texels.flatten() for texels in each])
        sizes = torch.tensor([0] + [texels.numel() for texels in each[:-1]])
        self._firsts = sizes.cumsum(0).to(self._texels.device)
        self._sides = torch.tensor([texels.shape[1] for texels in each]).to(self._texels.device)

    def __call__(
        self, canvas: Tensor, chosen: Tensor, level: Tensor, turns: Tensor, hues: Tensor
    ) -> None:
        """Put (n, slots) tiles, of a level, -1: none, on (n, 3, h, w) float32 pictures."""
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
    """Return tiles of noise and a plan that puts them everywhere."""
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
    """Return how far the kernel's pictures of noise are from the composer's own, 0..255."""
    tiles, plan = noise(count, torch.Generator().manual_seed(0))
    windows = Windows(torch.tensor([[height // 4, width // 8]] * count), height // 2)
    pair = [Composer(tiles, {}, device, fuse) for fuse in (None, Fused)]
    found = []
    for part in (None, windows):
        own, fused = (composer.pictures(plan, height, width, part) for composer in pair)
        found.append(float((own - fused).abs().max()))
    return max(found)


def main() -> None:
    """Compare, and say whether they agree."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--device", default="cuda")
    device = made.parse_args().device
    far = difference(device, 16, 128, 192)
    print(f"{'works: fused' if far < TOLERANCE else 'differs by'} {far:.3f} of 255", flush=True)


if __name__ == "__main__":
    main()

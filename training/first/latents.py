"""Stage 2: closed-form PCA latents of every picture part. ``python -m training.first.latents``.

A latent cell is a 16x16x3 patch of the half-size picture, projected on 12 principal components, so
a picture of 512 px has a latent of (12, 16, 16). The projection is linear, so the latent of a
composed picture is the sum of the latents of its parts (object, background), and no pictures are
drawn during training. The code of the committed model's decoder is next to this module.
"""

import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.cache import Cache, parser, save_arrays
from training.first.concepts import PLACES, SETS
from training.first.pictures import (
    ICONS,
    LAYOUTS_TAUGHT,
    PLACE_LAYOUTS,
    POSES,
    RAINY,
    SET_LAYOUTS,
    TOGETHER,
    WITH,
    Art,
    Layer,
    Slot,
)
from training.first.render import own_rows
from training.pictures import places
from training.pictures.brushes import Image
from training.pictures.landforms import TIMES

PATCH_PX = 16
CHANNELS = 12
GRIDS = ((16, 16), (8, 8), (16, 24), (24, 16))
"""Latent (height, width) that the model is trained with. A cell is 32 pixels of the picture."""
COMMITTED = Path(__file__).with_name("basis.npz")
"""The code of the committed decoder, needed to continue from its weights."""
Floats = NDArray[np.float32]
Halves = NDArray[np.float16]
"""Latents in a bank; float16 halves its memory."""


def patches(half: Image) -> Floats:
    """Cut a (16h, 16w, 3) picture into (h*w, 768) rows, row-major."""
    height, width = half.shape[0] // PATCH_PX, half.shape[1] // PATCH_PX
    cut = half.reshape(height, PATCH_PX, width, PATCH_PX, 3).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(cut.reshape(height * width, -1))


@dataclass(frozen=True)
class Basis:
    """A linear code of patches. ``mean`` (768,), ``project`` (12, 768), ``restore`` (768, 12)."""

    mean: Floats
    project: Floats
    restore: Floats

    @classmethod
    def fit(cls, rows: Floats) -> "Basis":
        """Fit on rows (n, 768) of 0..255. Each component is scaled by its sd^-1/2, and all together
        to sd 1."""
        mean = rows.mean(0)
        centred = rows - mean
        values, vectors = np.linalg.eigh(centred.T @ centred / len(rows))
        order = np.argsort(values)[::-1][:CHANNELS]
        sd = np.sqrt(values[order])
        gain = sd**-0.5 / np.sqrt(sd.mean())
        top = vectors[:, order].T
        return cls(
            mean.astype(np.float32),
            (top * gain[:, None]).astype(np.float32),
            (top / gain[:, None]).T.astype(np.float32).copy(),
        )

    @classmethod
    def load(cls, cache: Cache) -> "Basis":
        """Read ``basis.npz``."""
        with np.load(cache.file("basis.npz")) as data:
            return cls(data["mean"], data["project"], data["restore"])

    def part(self, half: Image) -> Floats:
        """Return the latent (12, h, w) of a part of a picture, without the offset of the mean."""
        grid = half.shape[0] // PATCH_PX, half.shape[1] // PATCH_PX
        return (patches(half) @ self.project.T).T.reshape(CHANNELS, *grid)

    @property
    def offset(self) -> Floats:
        """Return the latent of the mean, (12, 1, 1): latent = part - offset."""
        return (self.project @ self.mean)[:, None, None]

    def decode(self, latent: Floats) -> Image:
        """Return the best linear reconstruction of the half-size picture of a latent (12, h, w)."""
        height, width = latent.shape[1:]
        rows = latent.reshape(CHANNELS, -1).T @ self.restore.T + self.mean
        cut = rows.reshape(height, width, PATCH_PX, PATCH_PX, 3).transpose(0, 2, 1, 3, 4)
        return cut.reshape(height * PATCH_PX, width * PATCH_PX, 3)


def scene_rows() -> list[tuple[str, str, int]]:
    """List every picture of a place alone as (place, hour, layout)."""
    return [
        (place, hour, layout)
        for place in places.PLACES
        for hour in places.hours(place)
        for layout in range(LAYOUTS_TAUGHT)
        if hour in TIMES or (hour == "rain" and place in RAINY)
    ]


def sample_rows(art: Art, rng: np.random.Generator) -> Floats:
    """Draw pictures for the fit: patches of landscapes, objects on colors, objects in places."""
    size, rows = (256, 256), []
    for terrain, time, layout in scene_rows()[::2]:
        rows.append(patches(art.scene(terrain, time, layout, size))[::3])
    for drawing in range(len(art.objects)):
        color = rng.uniform(0, 255, 3).astype(np.float32)
        layer = art.layer(drawing, size)
        rows += [patches(layer.over(c)) for c in (np.full(3, 255, np.float32), color)]
        rows.append(patches(art.layer(drawing, (128, 128)).over(color)))
    return np.concatenate(rows)


def layered(basis: Basis, layer: Layer) -> Halves:
    """Return (4, 12, h, w): the latent of the object, and the latents that a background of 1 in
    red, green and blue adds to it."""
    rest = 1 - layer.alpha
    unit = [np.concatenate([rest * float(c == k) for k in range(3)], -1) for c in range(3)]
    return _kept([basis.part(layer.color), *(basis.part(u) for u in unit)])


def _kept(latents: Sequence[Floats]) -> Halves:
    return np.stack(latents).astype(np.float16)


def standing_row(own: Sequence[int], place: int, layout: int) -> int:
    """Return which of a thing's own drawings stands in a place: they take turns."""
    return own[(place + layout) % (PLACE_LAYOUTS + 1) % len(own)]


def build_grid(basis: Basis, art: Art, grid: tuple[int, int]) -> dict[str, Halves]:
    """Return the latents of one grid, each (..., 12, h, w) float16.

    ``objects``, ``3d`` (drawings, poses, 4), ``flat`` (drawings, icons, 4) and ``two``, ``3d_two``,
    ``three``, ``with`` (drawings, slots, 4): as in :func:`layered`. ``scenes`` (scenes,),
    ``places`` (objects, places, layouts), ``3d_places`` (objects, places) and ``sets`` (sets,
    layouts): whole pictures.
    """
    size = grid[0] * PATCH_PX, grid[1] * PATCH_PX
    rows = own_rows()

    def whole(picture: Image) -> Floats:
        return basis.part(picture) - basis.offset

    def slots(places: Sequence[Slot], finish: str = "") -> Halves:
        return np.stack(
            [
                [layered(basis, art.slot(row, size, slot, finish)) for slot in places]
                for row in range(len(art.objects))
            ]
        )

    grounds = [[art.ground(p, n, size) for n in range(PLACE_LAYOUTS)] for p in PLACES]
    standing = np.zeros((len(rows), len(PLACES), PLACE_LAYOUTS, CHANNELS, *grid), np.float16)
    solid = np.zeros((len(rows), len(PLACES), CHANNELS, *grid), np.float16)
    for thing, own in enumerate(rows):
        layers = {row: art.standing(row, size) for row in own}
        bodies = {row: art.standing(row, size, "3d") for row in own}
        for place, drawn in enumerate(grounds):
            for layout, ground in enumerate(drawn):
                layer = layers[standing_row(own, place, layout)]
                standing[thing, place, layout] = whole(layer.over(ground))
            solid[thing, place] = whole(bodies[standing_row(own, place, 0)].over(drawn[0]))
    return {
        "objects": slots(POSES),
        "3d": slots(POSES, "3d"),
        "flat": np.stack(
            [
                [layered(basis, art.icon(row, size, icon)) for icon in range(len(ICONS))]
                for row in range(len(art.objects))
            ]
        ),
        "two": slots(TOGETHER[2]),
        "3d_two": slots(TOGETHER[2], "3d"),
        "three": slots(TOGETHER[3]),
        "with": slots(WITH),
        "scenes": _kept([whole(art.scene(*row, size)) for row in scene_rows()]),
        "places": standing,
        "3d_places": solid,
        "sets": np.stack(
            [
                _kept([whole(art.together(s, n, size, rows)) for n in range(SET_LAYOUTS)])
                for s in SETS
            ]
        ),
    }


def main() -> None:
    """Copy the committed basis or fit a new one, then build the missing banks of all grids."""
    made = parser(__doc__)
    made.add_argument(
        "--fit", action="store_true", help="fit a new basis; the decoder must then be trained again"
    )
    made.add_argument(
        "--workers", type=int, default=1, help="number of processes; each builds one grid at a time"
    )
    args = made.parse_args()
    torch.set_num_threads(1)
    cache = Cache(args.cache)
    art = Art.load(cache)
    if not cache.file("basis.npz").exists():
        if args.fit:
            fit(cache, art, args.seed)
        else:
            shutil.copy(COMMITTED, cache.file("basis.npz"))
    basis = Basis.load(cache)
    with ProcessPoolExecutor(args.workers) as pool:
        for name in pool.map(keep_grid, repeat(cache), repeat(basis), repeat(art), GRIDS):
            print(f"latents: {name}", flush=True)


def keep_grid(cache: Cache, basis: Basis, art: Art, grid: tuple[int, int]) -> str:
    """Build the bank of a grid if it is missing. Returns its file name."""
    path = cache.file(f"bank_{grid[0]}x{grid[1]}.npz")
    if not path.exists():
        save_arrays(path, build_grid(basis, art, grid))
    return path.name


def fit(cache: Cache, art: Art, seed: int) -> None:
    """Fit the basis on the pictures and write it into the cache."""
    rows = sample_rows(art, np.random.default_rng(seed))
    basis = Basis.fit(rows)
    error = (rows - basis.mean) @ basis.project.T @ basis.restore.T + basis.mean - rows
    psnr = 20 * np.log10(255 / np.sqrt(np.square(error).mean()))
    print(f"latents: {len(rows)} patches, linear reconstruction {psnr:.1f} dB", flush=True)
    save_arrays(
        cache.file("basis.npz"),
        {"mean": basis.mean, "project": basis.project, "restore": basis.restore},
    )


if __name__ == "__main__":
    main()

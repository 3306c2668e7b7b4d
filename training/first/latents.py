"""Stage 2: closed-form PCA latents of every picture part. ``python -m training.first.latents``.

A latent cell is a 16x16x3 patch of the half-size picture, projected on 12 principal directions:
a 512 px picture is (12, 16, 16). The projection is linear, so a composed picture's latent is the
sum of its parts' latents (object, background), at no cost in training.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.cache import Cache, parser, save_arrays
from training.first.concepts import CONCEPTS, PLACES
from training.first.pictures import PLACE_LAYOUTS, POSES, Art, Layer
from training.first.render import variants
from training.pictures import scenes
from training.pictures.brushes import Image
from training.pictures.landforms import TIMES

PATCH_PX = 16
CHANNELS = 12
GRIDS = ((16, 16), (8, 8), (12, 12), (16, 24), (24, 16), (24, 24))
"""Latent (height, width) that the model is trained on; 32 pixels of picture a cell."""
Floats = NDArray[np.float32]


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
        """Fit on (n, 768) rows of 0..255; each direction scaled by sd^-1/2, the whole to sd 1."""
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
        """Return the (12, h, w) latent of a picture part, without the mean's share."""
        grid = half.shape[0] // PATCH_PX, half.shape[1] // PATCH_PX
        return (patches(half) @ self.project.T).T.reshape(CHANNELS, *grid)

    @property
    def offset(self) -> Floats:
        """Return the mean's share, (12, 1, 1): latent = part - offset."""
        return (self.project @ self.mean)[:, None, None]

    def decode(self, latent: Floats) -> Image:
        """Return the half-size picture of a (12, h, w) latent: the best linear reconstruction."""
        height, width = latent.shape[1:]
        rows = latent.reshape(CHANNELS, -1).T @ self.restore.T + self.mean
        cut = rows.reshape(height, width, PATCH_PX, PATCH_PX, 3).transpose(0, 2, 1, 3, 4)
        return cut.reshape(height * PATCH_PX, width * PATCH_PX, 3)


def scene_rows() -> list[tuple[str, str, int]]:
    """List every landscape as (terrain, time, layout)."""
    return [
        (terrain, time, layout)
        for terrain in scenes.TERRAINS
        for time in TIMES
        for layout in range(scenes.LAYOUTS)
        if terrain != "space" or time == "night"
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


def _layered(basis: Basis, layer: Layer) -> Floats:
    """Return (4, 12, h, w): the object's own latent, and what each of the three background
    colors at 1 adds to it."""
    rest = 1 - layer.alpha
    unit = [np.concatenate([rest * float(c == k) for k in range(3)], -1) for c in range(3)]
    return np.stack([basis.part(layer.color), *(basis.part(u) for u in unit)])


def own_rows() -> list[int]:
    """Return the row of each object's own drawing among :func:`variants`, in table order."""
    concepts = [concept for concept, _ in variants()]
    return [concepts.index(concept) for concept in range(len(CONCEPTS))]


def build_grid(basis: Basis, art: Art, grid: tuple[int, int]) -> dict[str, Floats]:
    """Return the latents of one grid, each (..., 12, h, w) float32: ``objects`` (drawings, poses,
    4), ``left`` and ``right`` (drawings, 4), the object and the three background colors' shares;
    ``scenes`` (scenes,) and ``places`` (objects, places, layouts)."""
    size = grid[0] * PATCH_PX, grid[1] * PATCH_PX
    drawings = range(len(art.objects))

    def whole(picture: Image) -> Floats:
        return basis.part(picture) - basis.offset

    return {
        "objects": np.stack(
            [
                [_layered(basis, art.posed(row, size, pose)) for pose in range(len(POSES))]
                for row in drawings
            ]
        ),
        **{
            side: np.stack(
                [
                    _layered(basis, art.pair_layer(row, size, right=side == "right"))
                    for row in drawings
                ]
            )
            for side in ("left", "right")
        },
        "scenes": np.stack([whole(art.scene(*row, size)) for row in scene_rows()]),
        "places": np.stack(
            [
                [
                    [
                        whole(art.in_place(row, place, layout, size))
                        for layout in range(PLACE_LAYOUTS)
                    ]
                    for place in PLACES
                ]
                for row in own_rows()
            ]
        ),
    }


def main() -> None:
    """Fit the basis, then build the bank of every grid that is not there yet."""
    args = parser(__doc__).parse_args()
    torch.set_num_threads(1)
    cache = Cache(args.cache)
    art = Art.load(cache)
    if not cache.file("basis.npz").exists():
        rows = sample_rows(art, np.random.default_rng(args.seed))
        basis = Basis.fit(rows)
        error = (rows - basis.mean) @ basis.project.T @ basis.restore.T + basis.mean - rows
        psnr = 20 * np.log10(255 / np.sqrt(np.square(error).mean()))
        print(f"latents: {len(rows)} patches, linear reconstruction {psnr:.1f} dB", flush=True)
        save_arrays(
            cache.file("basis.npz"),
            {"mean": basis.mean, "project": basis.project, "restore": basis.restore},
        )
    basis = Basis.load(cache)
    for grid in GRIDS:
        path = cache.file(f"bank_{grid[0]}x{grid[1]}.npz")
        if not path.exists():
            save_arrays(path, build_grid(basis, art, grid))
            print(f"latents: {path.name}", flush=True)


if __name__ == "__main__":
    main()

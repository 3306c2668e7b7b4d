"""Draw training batches: latents composed on the fly, with their captions."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.cache import Cache
from training.first.captions import object_caption, pair_caption, place_caption, scene_caption
from training.first.concepts import COLORS, CONCEPTS, PLACES
from training.first.latents import CHANNELS, GRIDS, Basis, Floats, own_rows, scene_rows
from training.first.render import variants

GRID_SHARES = (0.78, 0.14, 0.02, 0.02, 0.02, 0.02)
LAYOUTS_TAUGHT = 3
SCENE_WEIGHT = {"mountains": 2.2, "future": 2.4, "city": 1.3, "sky": 1.2, "snow": 1.4, "space": 5.0}
TIME_WEIGHT = {"sunset": 1.3, "night": 1.4}
PLACE_NAMES = tuple(PLACES)


@dataclass(frozen=True)
class Batch:
    """``latents``: (n, 12, h, w) float32, about unit variance; ``captions``: n strings."""

    latents: Tensor
    captions: list[str]


class Sampler:
    """Draws batches of one latent grid at a time. Seeded; not thread-safe."""

    def __init__(self, cache: Cache, seed: int) -> None:
        self.rng = random.Random(seed)
        self._offset = Basis.load(cache).offset
        self._banks: list[dict[str, Floats]] = []
        for grid in GRIDS:
            with np.load(cache.file(f"bank_{grid[0]}x{grid[1]}.npz")) as data:
                self._banks.append({name: data[name] for name in data.files})
        self._rows = variants()
        self._own = own_rows()
        self._scenes = scene_rows()
        self._scene_weights = [
            SCENE_WEIGHT.get(terrain, 1.0) * TIME_WEIGHT.get(time, 1.0) * (at < LAYOUTS_TAUGHT)
            for terrain, time, at in self._scenes
        ]

    def draw(self, size: int, grid: int | None = None) -> Batch:
        """Return ``size`` samples at the native grid's cost: fewer on larger grids."""
        if grid is None:
            grid = self.rng.choices(range(len(GRIDS)), GRID_SHARES)[0]
        cells = GRIDS[grid][0] * GRIDS[grid][1]
        count = min(size, max(4, round(size * 256 / cells)))
        pairs = [self._one(self._banks[grid]) for _ in range(count)]
        latents = torch.from_numpy(np.stack([latent for latent, _ in pairs]))
        return Batch(latents.float(), [caption for _, caption in pairs])

    def _one(self, bank: dict[str, Floats]) -> tuple[Floats, str]:
        roll = self.rng.random()
        if roll < 0.54:
            return self._object(bank)
        if roll < 0.74:
            return self._scene(bank)
        if roll < 0.94:
            return self._place(bank)
        return self._pair(bank)

    def _compose(self, layers: Floats, background: str) -> Floats:
        rgb = np.array(COLORS[background], np.float32)
        return layers[0] + np.tensordot(rgb, layers[1:], 1) - self._offset

    def _object(self, bank: dict[str, Floats]) -> tuple[Floats, str]:
        if self.rng.random() < 0.72:
            row = self.rng.choice(self._own)
            index, own = self._rows[row]
            color = own if own and self.rng.random() < 0.35 else ""
        else:
            row = self.rng.randrange(len(self._rows))
            index, color = self._rows[row]
        spoken = "" if self.rng.random() < 0.45 else self.rng.choice(tuple(COLORS))
        posed = self.rng.choice(bank["objects"][row])
        latent = self._compose(posed, spoken or "white")
        return latent, object_caption(CONCEPTS[index], color, spoken, self.rng)

    def _scene(self, bank: dict[str, Floats]) -> tuple[Floats, str]:
        row = self.rng.choices(range(len(self._scenes)), self._scene_weights)[0]
        terrain, time, _ = self._scenes[row]
        return bank["scenes"][row], scene_caption(terrain, time, self.rng)

    def _place(self, bank: dict[str, Floats]) -> tuple[Floats, str]:
        index = self.rng.randrange(len(CONCEPTS))
        homes = CONCEPTS[index].homes
        place = self.rng.choice(homes if self.rng.random() < 0.75 else PLACE_NAMES)
        drawn = self.rng.choice(bank["places"][index, PLACE_NAMES.index(place)])
        return drawn, place_caption(CONCEPTS[index], place, self.rng)

    def _pair(self, bank: dict[str, Floats]) -> tuple[Floats, str]:
        first, second = self.rng.sample(range(len(CONCEPTS)), 2)
        left, right = bank["left"][self._own[first]], bank["right"][self._own[second]]
        white = np.full(3, 255, np.float32)
        latent = (
            left[0]
            + right[0]
            + np.tensordot(white, left[1:] + right[1:], 1)
            - self._white(bank)
            - self._offset
        )
        return latent, pair_caption(CONCEPTS[first], CONCEPTS[second], self.rng)

    def _white(self, bank: dict[str, Floats]) -> Floats:
        """Return the latent of plain white, (12, 1, 1): counted twice in the sum of two layers."""
        corner = np.tensordot(np.full(3, 255, np.float32), bank["objects"][0][0][1:], 1)[:, :1, :1]
        return np.asarray(corner, np.float32).reshape(CHANNELS, 1, 1)

"""Draws training batches: latents that are composed from parts, with their captions."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.cache import Cache
from training.first.captions import (
    COLORED,
    count_caption,
    finished_in_place,
    finished_on,
    object_caption,
    pair_caption,
    place_caption,
    scene_caption,
    set_caption,
    silhouette_caption,
    style_caption,
)
from training.first.concepts import COLORS, CONCEPTS, LEARNED_FIRST, PLACES, SETS
from training.first.latents import GRIDS, Basis, Floats, Halves, scene_rows, standing_row
from training.first.render import own_rows, variants
from training.first.styles import styles
from training.pictures import scenes

GRID_SHARES = (0.86, 0.08, 0.03, 0.03)
SHARES = {"object": 0.43, "scene": 0.18, "place": 0.17, "pair": 0.09, "count": 0.06, "set": 0.07}
STYLED_SHARE = 0.07
"""Share of pictures in a style, if their captions name no color."""
SILHOUETTE_SHARE = 0.03
"""Share of silhouettes among single things."""
FINISH_SHARES = {"3d": 0.16, "flat": 0.2}
"""Shares of the art styles of ``finishes`` among single things."""
SOLID_SHARE = 0.12
"""Share of "3d" among things in a place, and among two of a thing."""
TONE_SHARE = 0.6
"""Share of captions of a person that name the skin tone."""
PERSON_SHARE = 0.25
"""Share of pairs that begin with a person."""
SCENE_WEIGHT = {
    **{"mountains": 2.4, "future": 2.2, "city": 1.3, "sky": 1.2, "snow": 2.0, "space": 5.0},
    **{"desert": 1.5, "village": 1.5, "winter_village": 2.5},
}
HOUR_WEIGHT = {"sunset": 1.3, "night": 1.8}
NEW_HOUR_WEIGHT = {"day": 3.0, "sunset": 0.5, "sunrise": 0.4, "night": 1.2, "rain": 1.5}
"""Weights of hours for the other places, which are mostly drawn by day, and in the rain."""
PLACE_NAMES = tuple(PLACES)
Bank = dict[str, Halves]
GROUPS = {
    thing.group: [n for n, other in enumerate(CONCEPTS) if other.group == thing.group]
    for thing in CONCEPTS
}


@dataclass(frozen=True)
class Batch:
    """``latents``: (n, 12, h, w) float32, about unit variance; ``captions``: n strings."""

    latents: Tensor
    captions: list[str]


def compose(layers: Sequence[Halves], background: tuple[int, int, int]) -> Floats:
    """Add up the latents of drawings that do not overlap, and of the background between them.

    ``layers``: each (4, 12, h, w), as :func:`training.first.latents.layered` returns them, with an
    empty upper left cell; ``background``: sRGB, 0..255. The result, (12, h, w), lacks the offset.
    """
    total = np.sum([np.float32(layer) for layer in layers], axis=0)
    rgb = np.array(background, np.float32)
    made: Floats = total[0] + np.tensordot(rgb, total[1:], 1)
    if len(layers) > 1:  # each drawing's latent contains the whole background
        empty = np.float32(layers[0][1:, :, :1, :1])
        made -= (len(layers) - 1) * np.tensordot(rgb, empty, 1)
    return made


class Sampler:
    """Draws batches of one latent grid at a time. Seeded; not thread-safe.

    ``favor``: weight of the things that were added last, relative to the others.
    """

    def __init__(self, cache: Cache, seed: int, favor: float = 1.0) -> None:
        self.rng = random.Random(seed)
        basis = Basis.load(cache)
        self._offset = basis.offset
        self._styles = styles(basis)
        self._banks: list[Bank] = []
        for grid in GRIDS:
            with np.load(cache.file(f"bank_{grid[0]}x{grid[1]}.npz")) as data:
                self._banks.append({name: data[name] for name in data.files})
        self._rows = variants()
        self._own = own_rows()
        self._weights = [
            (favor if n >= LEARNED_FIRST else 1.0) * math.sqrt(len(own))
            for n, own in enumerate(self._own)
        ]
        self._row_weights = [self._weights[row.concept] for row in self._rows]
        self._scenes = scene_rows()
        self._scene_weights = [
            SCENE_WEIGHT.get(place, 1.0) * HOUR_WEIGHT.get(hour, 1.0)
            if place in scenes.TERRAINS and hour != "rain"
            else SCENE_WEIGHT.get(place, 1.0) * NEW_HOUR_WEIGHT[hour]
            for place, hour, _ in self._scenes
        ]
        self._kinds: dict[str, Callable[[Bank], tuple[Floats | Halves, str]]] = {
            "object": self._object,
            "scene": self._scene,
            "place": self._place,
            "pair": self._pair,
            "count": self._count,
            "set": self._set,
        }

    def draw(self, size: int, grid: int | None = None) -> Batch:
        """Return ``size`` samples, fewer on grids larger than the native one, so that a batch costs
        about the same. ``grid``: index in `GRIDS`; None: a random one."""
        if grid is None:
            grid = self.rng.choices(range(len(GRIDS)), GRID_SHARES)[0]
        cells = GRIDS[grid][0] * GRIDS[grid][1]
        count = min(size, max(4, round(size * 256 / cells)))
        kinds = self.rng.choices(list(SHARES), list(SHARES.values()), k=count)
        pairs = [self._styled(*self._kinds[kind](self._banks[grid])) for kind in kinds]
        latents = torch.from_numpy(np.stack([np.float32(latent) for latent, _ in pairs]))
        return Batch(latents, [caption for _, caption in pairs])

    def _styled(self, latent: Floats | Halves, caption: str) -> tuple[Floats | Halves, str]:
        """Sometimes change a picture and its caption to a style."""
        if self.rng.random() >= STYLED_SHARE or COLORED.search(caption):
            return latent, caption
        name = self.rng.choice(tuple(self._styles))
        return self._styles[name].apply(np.asarray(latent, np.float32)), style_caption(
            name, caption, self.rng
        )

    def _thing(self) -> int:
        return self.rng.choices(range(len(CONCEPTS)), self._weights)[0]

    def _tone(self, row: int) -> str:
        """Return the skin tone of a drawing, if the caption shall name it."""
        return self._rows[row].tone if self.rng.random() < TONE_SHARE else ""

    def _finish(self) -> str:
        """Return the art style of a single thing; empty for the drawing itself."""
        names, shares = list(FINISH_SHARES), list(FINISH_SHARES.values())
        return self.rng.choices(["", *names], [1 - sum(shares), *shares])[0]

    def _ground(self, spoken: float) -> tuple[str, str]:
        """Return a background color and its word in the caption: the same, or "" for a white one
        that is not mentioned."""
        if self.rng.random() >= spoken:
            return "white", ""
        color = self.rng.choice(tuple(COLORS))
        return color, color

    def _compose(self, layers: Sequence[Halves], background: str) -> Floats:
        return compose(layers, COLORS[background]) - self._offset

    def _object(self, bank: Bank) -> tuple[Floats | Halves, str]:
        if self.rng.random() < 0.72:
            row = self.rng.choice(self._own[self._thing()])
            color = self._rows[row].color if self.rng.random() < 0.35 else ""
        else:
            row = self.rng.choices(range(len(self._rows)), self._row_weights)[0]
            color = self._rows[row].color
        background, spoken = self._ground(0.55)
        pose = self.rng.randrange(bank["objects"].shape[1])
        posed = bank["objects"][row, pose]
        thing, tone = CONCEPTS[self._rows[row].concept], self._tone(row)
        finish = self._finish()
        if finish:
            drawn = self.rng.choice(bank[finish][row])
            latent = self._compose([drawn], background)
            return latent, finished_on(thing, color, spoken, finish, self.rng, tone)
        if not color and background != "black" and self.rng.random() < SILHOUETTE_SHARE:
            black = np.concatenate([np.zeros_like(posed[:1]), posed[1:]])
            caption = silhouette_caption(thing, spoken, self.rng)
            return self._compose([black], background), caption
        caption = object_caption(thing, color, spoken, self.rng, tone)
        return self._compose([posed], background), caption

    def _scene(self, bank: Bank) -> tuple[Floats | Halves, str]:
        row = self.rng.choices(range(len(self._scenes)), self._scene_weights)[0]
        place, hour, _ = self._scenes[row]
        return bank["scenes"][row], scene_caption(place, hour, self.rng)

    def _place(self, bank: Bank) -> tuple[Floats | Halves, str]:
        index = self._thing()
        homes = CONCEPTS[index].homes
        place = self.rng.choice(homes if self.rng.random() < 0.75 else PLACE_NAMES)
        at = PLACE_NAMES.index(place)
        if self.rng.random() < SOLID_SHARE:
            caption = finished_in_place(CONCEPTS[index], place, "3d", self.rng)
            return bank["3d_places"][index, at], caption
        layout = self.rng.randrange(bank["places"].shape[2])
        tone = self._tone(standing_row(self._own[index], at, layout))
        return bank["places"][index, at, layout], place_caption(
            CONCEPTS[index], place, self.rng, tone
        )

    def _pair(self, bank: Bank) -> tuple[Floats | Halves, str]:
        first = self._thing()
        if self.rng.random() < PERSON_SHARE:
            first = self.rng.choice(GROUPS["person"])
        kind = GROUPS[CONCEPTS[first].group] if self.rng.random() < 0.4 else range(len(CONCEPTS))
        second = self.rng.choice(kind)
        if second == first:
            second = (first + 1) % len(CONCEPTS)
        rows = [self.rng.choice(self._own[n]) for n in (first, second)]
        background, spoken = self._ground(0.25)
        held = CONCEPTS[first].group == "person" != CONCEPTS[second].group
        drawn = bank["with" if held else "two"]
        latent = self._compose([drawn[row, n] for n, row in enumerate(rows)], background)
        tone = self._tone(rows[0])
        return latent, pair_caption(CONCEPTS[first], CONCEPTS[second], spoken, self.rng, tone)

    def _count(self, bank: Bank) -> tuple[Floats | Halves, str]:
        number, index = self.rng.choice((2, 3)), self._thing()
        row = self.rng.choice(self._own[index])
        color = self._rows[row].color if self.rng.random() < 0.2 else ""
        if CONCEPTS[index].colors and self.rng.random() < 0.25:
            row = self.rng.choice([n for n, v in enumerate(self._rows) if v.concept == index])
            color = self._rows[row].color
        background, spoken = self._ground(0.25)
        finish = "3d" if number == 2 and self.rng.random() < SOLID_SHARE else ""
        drawn = bank["3d_two" if finish else ("two" if number == 2 else "three")][row]
        latent = self._compose(drawn, background)
        return latent, count_caption(CONCEPTS[index], number, color, spoken, self.rng, finish)

    def _set(self, bank: Bank) -> tuple[Floats | Halves, str]:
        chosen = self.rng.randrange(len(SETS))
        return self.rng.choice(bank["sets"][chosen]), set_caption(SETS[chosen], self.rng)

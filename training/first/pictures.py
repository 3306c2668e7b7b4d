"""Compose training pictures of any size from tiles and scenes, in pixels."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import Cache
from training.first.concepts import Together, front, members
from training.first.finishes import DISCS, disc
from training.pictures import places, scenes
from training.pictures.brushes import Image
from training.pictures.landforms import TIMES
from training.pictures.layouts import Placed, Spot, arranged, in_place

OBJECT_SIDE = 0.78
PLACE_TIMES = {"night": ("sky", "night"), "sky": ("sky", "day"), "space": ("space", "night")}
PLACE_LAYOUTS = 2
SET_LAYOUTS = 3
LAYOUTS_TAUGHT = 3
RAINY = ("street", "city")
"""Places that are also drawn in the rain."""
POSES = (
    (OBJECT_SIDE, (0.5, 0.5)),
    (0.64, (0.42, 0.54)),
    (0.64, (0.58, 0.54)),
)
"""Positions of a single object in its picture: ``side`` and ``centre`` as in :meth:`Art.layer`. The
first is the standard one; training uses all of them. Nothing is mirrored: with mirrored drawings,
after 187,000 samples, the denoiser mixed a drawing with its mirror image."""
TOGETHER = {
    2: ((0.46, (0.255, 0.5)), (0.46, (0.745, 0.5))),
    3: ((0.42, (0.5, 0.28)), (0.42, (0.25, 0.71)), (0.42, (0.75, 0.71))),
}
"""Positions of two and of three drawings on a plain background, as in ``POSES``. They do not
overlap."""
DISC_SIDE, DISC_PX = 0.84, 384
"""Diameter of the disc behind a flat icon, as a share of the shorter edge, and in pixels."""
ICONS = ((1, DISCS[0]), (2, DISCS[1]), (1, DISCS[2]))
"""Flat icons: a pose and the color of the disc. The drawing stands where it stands without a disc:
with other positions, after 130,000 samples, drawings on discs could not be told."""
WITH = ((0.52, (0.28, 0.52)), (0.44, (0.77, 0.6)))
"""Positions of a person and of a thing that the person has."""
Slot = tuple[float, tuple[float, float]]


@dataclass(frozen=True)
class Layer:
    """An object without background, float32: ``color`` 0..255, premultiplied by ``alpha``, 0..1."""

    color: Image
    alpha: Image

    def over(self, background: Image) -> Image:
        """Return the object over a (height, width, 3) picture or a (3,) color, 0..255."""
        return self.color + (1 - self.alpha) * background

    def under(self, other: "Layer") -> "Layer":
        """Return this object with another one before it."""
        color = other.color + (1 - other.alpha) * self.color
        return Layer(color, 1 - (1 - other.alpha) * (1 - self.alpha))


def placed(
    tile: NDArray[np.uint8], size: tuple[int, int], side: float, centre: tuple[float, float]
) -> Layer:
    """Place a tile; the arguments are those of :meth:`Art.layer`."""
    height, width = size
    straight = tile.astype(np.float32)
    straight[..., :3] *= straight[..., 3:] / 255
    px = round(side * min(size))
    small = cv2.resize(straight, (px, px), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((height, width, 4), np.float32)
    top, left = round(centre[1] * height - px / 2), round(centre[0] * width - px / 2)
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + px, height), min(left + px, width)
    canvas[y0:y1, x0:x1] = small[y0 - top : y1 - top, x0 - left : x1 - left]
    return Layer(color=canvas[..., :3], alpha=canvas[..., 3:] / np.float32(255))


@dataclass(frozen=True)
class Art:
    """The drawings of ``training.first.render``."""

    objects: NDArray[np.uint8]
    """(drawings, side, side, 4) RGBA in the order of ``render.variants``."""
    sprites: dict[str, NDArray[np.uint8]]
    finished: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    """The drawings in each style of ``finishes.FINISHES``, in the same order."""

    @classmethod
    def load(cls, cache: Cache) -> "Art":
        """Read ``tiles.npz``."""
        with np.load(cache.file("tiles.npz")) as data:
            sprites = {k.split(":", 1)[1]: data[k] for k in data.files if k.startswith("sprite:")}
            finished = {k.split(":", 1)[1]: data[k] for k in data.files if k.startswith("finish:")}
            return cls(data["objects"], sprites, finished)

    def layer(
        self,
        drawing: int,
        size: tuple[int, int],
        *,
        side: float = OBJECT_SIDE,
        centre: tuple[float, float] = (0.5, 0.5),
        finish: str = "",
    ) -> Layer:
        """Place one drawing. ``side``: share of the shorter edge; ``centre``: shares (x, y) of
        width and height; ``finish``: one of ``finished``, or the drawing itself."""
        tiles = self.finished[finish] if finish else self.objects
        return placed(tiles[drawing], size, side, centre)

    def icon(self, drawing: int, size: tuple[int, int], icon: int) -> Layer:
        """Place one drawing as a flat icon on a disc, as ``ICONS[icon]`` says."""
        pose, color = ICONS[icon]
        behind = placed(disc(DISC_PX, color), size, DISC_SIDE, POSES[pose][1])
        return behind.under(self.posed(drawing, size, pose, "flat"))

    def posed(self, drawing: int, size: tuple[int, int], pose: int = 0, finish: str = "") -> Layer:
        """Place one drawing at ``POSES[pose]``."""
        return self.slot(drawing, size, POSES[pose], finish)

    def slot(self, drawing: int, size: tuple[int, int], slot: Slot, finish: str = "") -> Layer:
        """Place one drawing at a position such as those of ``TOGETHER``."""
        return self.layer(drawing, size, side=slot[0], centre=slot[1], finish=finish)

    def scene(self, place: str, hour: str, layout: int, size: tuple[int, int]) -> Image:
        """Draw one place; the first recipe's landscapes are drawn without further details."""
        draw = scenes.draw if place in scenes.TERRAINS and hour in TIMES else places.draw
        return draw(place, hour, layout, size, self.sprites)

    def ground(self, place: str, layout: int, size: tuple[int, int]) -> Image:
        """Draw a place as the background of a thing."""
        terrain, time = PLACE_TIMES.get(place, (place, "day"))
        return self.scene(terrain, time, layout, size)

    def in_place(self, drawing: int, place: str, layout: int, size: tuple[int, int]) -> Image:
        """Draw one object in one place, in the middle and rather low."""
        return self.standing(drawing, size).over(self.ground(place, layout, size))

    def standing(self, drawing: int, size: tuple[int, int], finish: str = "") -> Layer:
        """Place one drawing as in a place: in the middle and rather low."""
        return self.layer(drawing, size, side=0.6, centre=(0.5, 0.62), finish=finish)

    def together(
        self, group: Together, layout: int, size: tuple[int, int], rows: Sequence[Sequence[int]]
    ) -> Image:
        """Draw a named set in its place; ``rows`` are the drawings of each concept."""
        image = self.ground(group.place, layout % PLACE_LAYOUTS, size)
        for put in set_layout(group, layout, rows):
            image = self.layer(put.tile, size, side=put.side, centre=(put.x, put.y)).over(image)
        return image


def set_layout(group: Together, layout: int, rows: Sequence[Sequence[int]]) -> list[Placed]:
    """Select and place the drawings of a named set. Equal layouts give equal results. ``rows``:
    the drawings of each concept."""
    rng = random.Random(f"{group.names[0]}/{layout}")
    before = front(group)
    pool = [member for member in members(group) if member != before]
    number = rng.randint(group.least, group.most)
    chosen = rng.sample(pool, len(pool))[:number]
    chosen += [rng.choice(pool) for _ in range(number - len(chosen))]
    spots = [in_place(spot, group.place) for spot in arranged(number, rng)]
    if before is not None:
        spots = [Spot(0.5 + (s.x - 0.5) * 0.75, s.y - 0.12, s.side * 0.85) for s in spots]
        spots.append(Spot(0.5, 0.76, 0.42))
        chosen.append(before)
    tiles = [rng.choice(list(rows[member])) for member in chosen]
    return [Placed(tile, s.x, s.y, s.side) for tile, s in zip(tiles, spots, strict=True)]

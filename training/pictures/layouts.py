"""Layouts of pictures: backgrounds, spots, and drawings on them.

Lengths are shares of the shorter side; positions (x, y) are shares of width and height.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.language.vocabulary import COLORS

Rgb = tuple[float, float, float]
FLOATING = ("sky", "night", "space", "underwater", "sea")
"""Places in which things float in the middle. In other places they stand lower."""


@dataclass(frozen=True)
class Ground:
    """The background of the drawings: a place at an hour, or a gradient of two colors from top to
    bottom."""

    top: Rgb = (255, 255, 255)
    bottom: Rgb = (255, 255, 255)
    scene: tuple[str, str] | None = None
    draw: float = 0.0
    """Selects the layout of the place, from 0 to below 1."""
    flip: bool = False
    zoom: float = 1.0
    """1: the whole place; larger values enlarge it and cut off its edges."""

    @classmethod
    def of(cls, color: str, rng: random.Random, jitter: float) -> "Ground":
        """Return a background of one color, with each channel changed by up to ``jitter`` * 255."""
        red, green, blue = COLORS[color]
        moved = [
            min(255, max(0, c + 255 * rng.uniform(-jitter, jitter))) for c in (red, green, blue)
        ]
        rgb = moved[0], moved[1], moved[2]
        return cls(rgb, rgb)

    @classmethod
    def soft(cls, color: str, rng: random.Random) -> "Ground":
        """Return a gradient between two light tones of a color."""
        red, green, blue = COLORS[color]
        tones = []
        for _ in range(2):
            white = rng.uniform(0.25, 0.85)
            tones.append(tuple(255 * white + c * (1 - white) for c in (red, green, blue)))
        (a, b, c), (d, e, f) = tones
        return cls((a, b, c), (d, e, f))

    @classmethod
    def place(cls, place: str, hour: str, rng: random.Random) -> "Ground":
        """Return a place at an hour, with random layout, flip and zoom."""
        zoom = 1.0 if rng.random() < 0.5 else rng.uniform(1.0, 1.22)
        return cls(scene=(place, hour), draw=rng.random(), flip=rng.random() < 0.5, zoom=zoom)


@dataclass(frozen=True)
class Placed:
    """A drawing in a picture. ``side``: side of its square tile; ``angle``, ``hue``: rotations of
    tile and colors, radians."""

    tile: int
    x: float
    y: float
    side: float
    angle: float = 0.0
    flip: bool = False
    hue: float = 0.0

    def scaled(self, by: float, down: float) -> "Placed":
        """Return it scaled by ``by`` about the picture's center, and moved down by ``down``."""
        return replace(
            self,
            x=0.5 + (self.x - 0.5) * by,
            y=0.5 + (self.y - 0.5) * by + down,
            side=self.side * by,
        )


@dataclass(frozen=True)
class Spot:
    """A position and size for a drawing."""

    x: float
    y: float
    side: float

    def moved(self, dx: float, dy: float) -> "Spot":
        """Return it moved."""
        return Spot(self.x + dx, self.y + dy, self.side)

    def put(self, tile: int, rng: random.Random, tilt: float = 5, hue: float = 8) -> Placed:
        """Put a drawing there, slightly moved, and with random rotation of at most ``tilt`` and of
        the colors of at most ``hue`` degrees."""
        return Placed(
            tile,
            self.x + rng.uniform(-0.02, 0.02),
            self.y + rng.uniform(-0.02, 0.02),
            self.side * rng.uniform(0.93, 1.07),
            math.radians(rng.uniform(-tilt, tilt)),
            rng.random() < 0.5,
            math.radians(rng.uniform(-hue, hue)),
        )


def single(tile: int, rng: random.Random, tilt: float, keep_hue: bool) -> Placed:
    """Put one large drawing into the picture. ``tilt``: largest rotation, degrees."""
    spot = Spot(
        0.5 + rng.uniform(-0.07, 0.07), 0.5 + rng.uniform(-0.06, 0.06), rng.uniform(0.6, 0.88)
    )
    return spot.put(tile, rng, tilt, 3 if keep_hue else 12)


def arranged(count: int, rng: random.Random) -> list[Spot]:
    """Return spots for one to six drawings, which hardly overlap."""
    if count == 1:
        return [Spot(0.5, 0.5, 0.72)]
    if count == 2:
        return [Spot(0.27, 0.52, 0.46), Spot(0.73, 0.52, 0.46)]
    if count == 3 and rng.random() < 0.5:
        return [Spot(0.5, 0.28, 0.42), Spot(0.27, 0.7, 0.42), Spot(0.73, 0.7, 0.42)]
    rows = {3: (3,), 4: (2, 2), 5: (2, 3), 6: (3, 3)}[count]
    side = {3: 0.34, 4: 0.42, 5: 0.33, 6: 0.33}[count]
    spots = []
    for at, many in enumerate(rows):
        y = (at + 0.5) / len(rows) if len(rows) > 1 else 0.52
        spots += [Spot((i + 0.5) / many, 0.5 + (y - 0.5) * 0.88, side) for i in range(many)]
    return spots


def in_place(spot: Spot, place: str) -> Spot:
    """Return the spot adapted to a place: lower and smaller, or in the middle if things float
    there."""
    if place in FLOATING:
        return Spot(spot.x, 0.5 + (spot.y - 0.5) * 0.8, spot.side * 0.78)
    low = 0.6 if place in ("table", "road") else 0.63
    return Spot(spot.x, low + (spot.y - 0.5) * 0.62, spot.side * 0.74)


def over(touching: bool, rng: random.Random) -> Sequence[Spot]:
    """Return the spots of two things, the upper first. ``touching``: one is on the other, not above
    it."""
    x = 0.5 + rng.uniform(-0.08, 0.08)
    if touching:
        return Spot(x, 0.34, 0.4), Spot(0.5, 0.66, 0.58)
    return Spot(x, 0.25, 0.44), Spot(0.5, 0.74, 0.46)

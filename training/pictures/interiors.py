"""Draws more places: a room, a table, the sea bed, a jungle, a sports field, a castle.

Everything is original work, except the sprites. Lengths are fractions of width and height.
"""

import numpy as np

from training.pictures.brushes import Color, Image, disc, gradient, paste, polygon
from training.pictures.landforms import draw_ridge, draw_sky, lit
from training.pictures.scenes import Sprites
from training.pictures.settings import box, ground

Rng = np.random.Generator


def jungle(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw palms, leaves and flowers."""
    draw_sky(im, hour, 0.4, rng)
    box(im, 0, 0.4, 1, 1, lit((70, 150, 80), hour))
    for i in range(12):
        disc(
            im,
            (i + rng.uniform(-0.3, 0.3)) / 11,
            0.36 + 0.1 * rng.random(),
            0.1,
            lit((50, 128, 66), hour),
        )
    for x, y, side in ((0.08, 0.5, 0.6), (0.9, 0.48, 0.62), (0.32, 0.44, 0.36), (0.7, 0.44, 0.36)):
        paste(im, sprites["palm-tree"], x, y, side)
    ground(im, 0.76, lit((60, 140, 56), hour), rng)
    for _ in range(16):
        x, long = rng.uniform(0, 1), rng.uniform(0.1, 0.2)
        for lean in (-0.08, -0.03, 0.03, 0.08):
            polygon(
                im, [(x - 0.012, 1), (x + 0.012, 1), (x + lean, 1 - long)], lit((34, 116, 50), hour)
            )
    for x in (0.2, 0.85):
        paste(im, sprites["hibiscus"], x + rng.uniform(-0.08, 0.08), 0.9, 0.12)


def underwater(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a sea bed with weed, coral and bubbles."""
    gradient(im, 0, 1, ((90, 196, 236), (36, 132, 206), (20, 76, 150)))
    for i in range(4):
        x = 0.1 + 0.25 * i + rng.uniform(-0.06, 0.06)
        polygon(im, [(x, 0), (x + 0.07, 0), (x - 0.02, 0.7), (x - 0.14, 0.7)], (104, 196, 236))
    ground(im, 0.84, (236, 210, 150), rng)
    for x, tall in ((0.1, 0.3), (0.2, 0.2), (0.9, 0.34), (0.8, 0.18)):
        foot = x + rng.uniform(-0.05, 0.05)
        blade = [(foot + 0.02 * np.sin(t * 9), 0.9 - tall * t) for t in np.linspace(0, 1, 15)]
        polygon(im, [*blade, *[(a + 0.03, b) for a, b in blade[::-1]]], (48, 150, 90))
    paste(im, sprites["coral"], rng.uniform(0.3, 0.7), 0.86, 0.2)
    for _ in range(12):
        disc(
            im,
            rng.uniform(0, 1),
            rng.uniform(0.05, 0.75),
            rng.uniform(0.006, 0.016),
            (200, 236, 252),
        )


def autumn(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw trees in autumn colors and fallen leaves."""
    draw_sky(im, hour, 0.5, rng)
    ground(im, 0.55, lit((206, 170, 84), hour), rng)
    leaves: tuple[Color, ...] = ((226, 110, 40), (240, 170, 50), (200, 66, 44))
    for i, (x, y, size) in enumerate(
        ((0.1, 0.42, 0.15), (0.34, 0.36, 0.12), (0.62, 0.38, 0.12), (0.9, 0.42, 0.16))
    ):
        stem = x + rng.uniform(-0.04, 0.04)
        box(im, stem - 0.02, y, stem + 0.02, y + 0.26, lit((110, 74, 50), hour))
        for dx, dy in ((-0.08, 0.03), (0.08, 0.03), (0, -0.05)):
            disc(im, stem + dx, y + dy, size * 0.75, lit(leaves[(i + int(dy < 0)) % 3], hour))
    ground(im, 0.72, lit((226, 150, 70), hour), rng)
    for _ in range(30):
        x, y = rng.uniform(0, 1), rng.uniform(0.78, 0.99)
        polygon(
            im,
            [(x - 0.015, y), (x, y - 0.01), (x + 0.015, y), (x, y + 0.01)],
            lit(leaves[int(rng.integers(3))], hour),
        )


def room(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a room with a window, a picture, a plant and a carpet."""
    walls: tuple[Color, ...] = ((250, 228, 190), (200, 226, 230), (232, 206, 214), (214, 230, 196))
    box(im, 0, 0, 1, 0.7, walls[int(rng.integers(4))])
    box(im, 0, 0.68, 1, 0.71, (250, 250, 246))
    box(im, 0, 0.71, 1, 1, (190, 134, 88))
    for y in (0.78, 0.86, 0.94):
        box(im, 0, y, 1, y + 0.006, (164, 110, 70))
    x = 0.26 if rng.integers(2) else 0.74
    box(im, x - 0.13, 0.12, x + 0.13, 0.46, (250, 250, 250))
    gradient_box(im, x - 0.11, 0.14, x + 0.11, 0.44, (90, 170, 246), (206, 234, 255))
    box(im, x - 0.008, 0.14, x + 0.008, 0.44, (250, 250, 250))
    paste(im, sprites["framed-picture"], 1 - x, 0.26, 0.2)
    paste(im, sprites["potted-plant"], 0.92 if x < 0.5 else 0.08, 0.6, 0.26)
    polygon(im, [(0.2, 0.83), (0.8, 0.83), (0.9, 0.97), (0.1, 0.97)], (206, 84, 84))


def gradient_box(
    im: Image, left: float, top: float, right: float, bottom: float, high: Color, low: Color
) -> None:
    """Fill a rectangle from ``high`` to ``low`` in eight bands."""
    for i in range(8):
        share, step = i / 7, (bottom - top) / 8
        color = tuple(a + (b - a) * share for a, b in zip(high, low, strict=True))
        box(im, left, top + step * i, right, top + step * (i + 1), (color[0], color[1], color[2]))


def table(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a table before a wall."""
    walls: tuple[Color, ...] = ((246, 232, 204), (206, 228, 226), (226, 214, 232), (250, 222, 196))
    box(im, 0, 0, 1, 1, walls[int(rng.integers(4))])
    if rng.integers(2):
        x = 0.22 if rng.integers(2) else 0.78
        box(im, x - 0.15, 0.08, x + 0.15, 0.44, (252, 252, 250))
        gradient_box(im, x - 0.13, 0.1, x + 0.13, 0.42, (110, 184, 248), (210, 236, 255))
        box(im, x - 0.008, 0.1, x + 0.008, 0.42, (252, 252, 250))
    wood: tuple[Color, ...] = ((176, 116, 68), (206, 150, 96), (140, 92, 60), (236, 234, 228))
    top = wood[int(rng.integers(4))]
    dark = (top[0] * 0.72, top[1] * 0.72, top[2] * 0.72)
    polygon(im, [(0.04, 0.64), (0.96, 0.64), (1.06, 0.9), (-0.06, 0.9)], top)
    box(im, -0.06, 0.9, 1.06, 0.95, dark)
    box(im, 0, 0.95, 1, 1, (120, 96, 86))


def field(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a sports field with a stand and a goal."""
    draw_sky(im, hour, 0.4, rng)
    box(im, 0, 0.28, 1, 0.44, lit((110, 116, 140), hour))
    spots: tuple[Color, ...] = ((230, 90, 80), (250, 220, 110), (110, 170, 240), (240, 240, 240))
    for i in range(90):
        disc(im, (i % 30 + 0.5) / 30, 0.31 + 0.045 * (i // 30), 0.011, spots[int(rng.integers(4))])
    for i in range(6):
        shade = (70, 170, 76) if i % 2 else (86, 188, 90)
        box(im, 0, 0.44 + 0.56 * i / 6, 1, 0.44 + 0.56 * (i + 1) / 6, lit(shade, hour))
    box(im, 0, 0.455, 1, 0.465, (250, 250, 250))
    polygon(
        im,
        [
            (0.2, 1),
            (0.26, 0.7),
            (0.74, 0.7),
            (0.8, 1),
            (0.785, 1),
            (0.73, 0.715),
            (0.27, 0.715),
            (0.215, 1),
        ],
        (250, 250, 250),
    )
    paste(im, sprites["goal-net"], rng.uniform(0.3, 0.7), 0.4, 0.24)


def castle(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a castle on a green hill."""
    draw_sky(im, hour, 0.6, rng)
    draw_ridge(im, 0.7, 0.24, lit((120, 134, 168), hour), None, rng)
    ground(im, 0.66, lit((120, 190, 96), hour), rng, 0.05)
    paste(im, sprites["castle"], rng.uniform(0.3, 0.7), 0.46, 0.5)
    ground(im, 0.74, lit((90, 168, 74), hour), rng)
    for x in (0.06, 0.94):
        paste(im, sprites["evergreen-tree"], x, 0.72, 0.3)

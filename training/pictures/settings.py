"""Draws more places outdoors, in addition to ``pictures.scenes``: villages, farms, streets, rivers.

Everything is original work, except the sprites. Lengths are fractions of width and height.
"""

import numpy as np

from training.pictures.brushes import Color, Image, disc, paste, polygon
from training.pictures.landforms import draw_pines, draw_ridge, draw_sky, draw_water, far, lit
from training.pictures.scenes import Sprites

Rng = np.random.Generator


def ground(im: Image, top: float, color: Color, rng: Rng, swell: float = 0.03) -> None:
    """Fill everything below a slightly wavy line at ``top``."""
    phase, bend = rng.uniform(0, 6.28), rng.uniform(4, 7)
    wave = [(x, top + swell * np.sin(x * bend + phase)) for x in np.linspace(0, 1, 33)]
    polygon(im, [*wave, (1, 1), (0, 1)], color)


def box(im: Image, left: float, top: float, right: float, bottom: float, color: Color) -> None:
    """Fill a rectangle."""
    polygon(im, [(left, top), (right, top), (right, bottom), (left, bottom)], color)


def village(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw houses, a church and firs in green land."""
    _houses(im, hour, rng, sprites, snowy=False)


def winter_village(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw houses, a church and firs in the snow."""
    _houses(im, hour, rng, sprites, snowy=True)


def _houses(im: Image, hour: str, rng: Rng, sprites: Sprites, *, snowy: bool) -> None:
    draw_sky(im, hour, 0.55, rng)
    if rng.integers(2):
        draw_ridge(im, 0.62, 0.3, far((130, 140, 175), hour), lit((250, 252, 255), hour), rng)
    ground(im, 0.56, lit((225, 234, 250) if snowy else (120, 190, 90), hour), rng)
    for x, y, side in (
        (0.16, 0.55, 0.25),
        (0.42, 0.52, 0.22),
        (0.67, 0.55, 0.25),
        (0.9, 0.53, 0.2),
    ):
        house = rng.random() > 0.25 or y < 0.53
        paste(im, sprites["house" if house else "church"], x + rng.uniform(-0.03, 0.03), y, side)
    ground(im, 0.68, lit((244, 248, 255) if snowy else (96, 170, 70), hour), rng)
    for x in (0.06, 0.3, 0.8):
        paste(im, sprites["evergreen-tree"], x + rng.uniform(-0.05, 0.05), 0.68, 0.26)


def farm(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a red barn, rows of a field and a fence."""
    draw_sky(im, hour, 0.5, rng)
    ground(im, 0.52, lit((136, 200, 90), hour), rng)
    x = 0.3 if rng.integers(2) else 0.7
    wall, roof = lit((196, 54, 48), hour), lit((120, 40, 40), hour)
    box(im, x - 0.15, 0.38, x + 0.15, 0.58, wall)
    polygon(im, [(x - 0.18, 0.38), (x - 0.1, 0.29), (x + 0.1, 0.29), (x + 0.18, 0.38)], roof)
    box(im, x - 0.05, 0.45, x + 0.05, 0.58, lit((250, 244, 230), hour))
    polygon(im, [(x - 0.05, 0.45), (x + 0.05, 0.58), (x + 0.04, 0.58), (x - 0.05, 0.46)], wall)
    for i in range(6):
        stripe = (232, 206, 96) if i % 2 else (196, 166, 70)
        polygon(
            im,
            [
                (i / 6, 0.62),
                ((i + 1) / 6, 0.62),
                (i * 1.4 / 6 - 0.1, 1),
                ((i - 1) * 1.4 / 6 - 0.1, 1),
            ],
            lit(stripe, hour),
        )
    ground(im, 0.8, lit((90, 168, 66), hour), rng)
    for i in range(9):
        box(im, i / 8 - 0.012, 0.7, i / 8 + 0.012, 0.83, lit((244, 240, 230), hour))
    box(im, 0, 0.735, 1, 0.755, lit((244, 240, 230), hour))


def street(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a row of houses behind a road."""
    draw_sky(im, hour, 0.7, rng)
    walls: tuple[Color, ...] = ((214, 120, 92), (240, 200, 120), (130, 170, 190), (190, 150, 180))
    start = int(rng.integers(4))
    for i in range(5):
        left, right, top = i / 5, (i + 1) / 5, rng.uniform(0.16, 0.36)
        box(im, left, top, right, 0.74, lit(walls[(start + i) % 4], hour))
        box(im, left - 0.005, top - 0.025, right + 0.005, top, lit((90, 70, 76), hour))
        pane: Color = (255, 226, 120) if hour in ("night", "sunset") else (214, 238, 250)
        for y in np.arange(top + 0.05, 0.58, 0.11):
            for x in (left + 0.035, left + 0.115):
                box(im, x, y, x + 0.05, y + 0.065, pane)
        box(im, left + 0.075, 0.63, left + 0.125, 0.74, lit((110, 70, 50), hour))
    box(im, 0, 0.74, 1, 0.79, lit((190, 190, 196), hour))
    box(im, 0, 0.79, 1, 1, lit((96, 98, 108), hour))
    for x in (0.04, 0.29, 0.54, 0.79):
        box(im, x, 0.885, x + 0.14, 0.905, lit((246, 240, 210), hour))


def road(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a road to the horizon through green land."""
    _lane(im, hour, rng, sprites, dry=False)


def desert_road(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a road to the horizon through a desert."""
    _lane(im, hour, rng, sprites, dry=True)


def _lane(im: Image, hour: str, rng: Rng, sprites: Sprites, *, dry: bool) -> None:
    draw_sky(im, hour, 0.5, rng)
    draw_ridge(im, 0.55, 0.24, lit((176, 130, 110) if dry else (110, 140, 150), hour), None, rng)
    box(im, 0, 0.52, 1, 1, lit((236, 196, 124) if dry else (112, 182, 82), hour))
    bend = rng.uniform(-0.15, 0.15)
    top = 0.5 + bend
    polygon(
        im, [(top - 0.02, 0.52), (top + 0.02, 0.52), (0.9, 1), (0.1, 1)], lit((88, 90, 100), hour)
    )
    for near in (0.15, 0.34, 0.58, 0.85):
        y, x, half = 0.52 + 0.48 * near, top + (0.5 - top) * near, 0.022 * near
        long = 0.06 * near + 0.01
        polygon(
            im,
            [(x - half, y), (x + half, y), (x + half, y + long), (x - half, y + long)],
            lit((250, 240, 190), hour),
        )
    for x, y, side in ((0.12, 0.52, 0.2), (0.88, 0.55, 0.24)):
        paste(im, sprites["cactus" if dry else "deciduous-tree"], x, y, side)


def river(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a river that winds through a forest."""
    draw_sky(im, hour, 0.45, rng)
    draw_pines(im, 0.52, 0.18, lit((70, 140, 90), hour), rng)
    box(im, 0, 0.48, 1, 1, lit((104, 180, 80), hour))
    side = 1 if rng.integers(2) else -1
    left = [
        (0.5 + side * (0.12 * np.sin(t * 5)) - 0.03 - 0.22 * t, 0.48 + 0.52 * t)
        for t in np.linspace(0, 1, 17)
    ]
    right = [(x + 0.06 + 0.5 * t, y) for (x, y), t in zip(left, np.linspace(0, 1, 17), strict=True)]
    polygon(im, [*left, *right[::-1]], lit((64, 160, 220), hour))
    for t in (0.3, 0.5, 0.7, 0.9):
        x, y = left[round(t * 16)]
        polygon(
            im,
            [(x + 0.2 * t, y), (x + 0.36 * t, y - 0.008), (x + 0.36 * t, y + 0.008)],
            lit((170, 222, 246), hour),
        )
    for x, y, size in ((0.1, 0.62, 0.3), (0.92, 0.6, 0.28), (0.06, 0.84, 0.34)):
        paste(im, sprites["evergreen-tree"], x, y, size)


def waterfall(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a waterfall between rocks."""
    draw_sky(im, hour, 0.3, rng)
    x = rng.uniform(0.4, 0.6)
    polygon(
        im,
        [(0, 0.3), (x - 0.1, 0.22), (x + 0.1, 0.22), (1, 0.32), (1, 1), (0, 1)],
        lit((126, 116, 112), hour),
    )
    for i in range(7):
        left = i / 7 + rng.uniform(-0.03, 0.03)
        polygon(
            im,
            [(left, 0.36), (left + 0.06, 0.34), (left + 0.04, 0.8), (left - 0.02, 0.8)],
            lit((104, 94, 92), hour),
        )
    polygon(
        im,
        [(x - 0.1, 0.22), (x + 0.1, 0.22), (x + 0.14, 0.78), (x - 0.14, 0.78)],
        lit((196, 230, 250), hour),
    )
    for d in (-0.07, -0.02, 0.04, 0.08):
        polygon(
            im,
            [(x + d, 0.24), (x + d + 0.015, 0.24), (x + d * 1.4 + 0.02, 0.76), (x + d * 1.4, 0.76)],
            lit((255, 255, 255), hour),
        )
    ground(im, 0.78, lit((60, 150, 210), hour), rng, 0.01)
    for d in (-0.16, -0.08, 0, 0.08, 0.16):
        disc(im, x + d, 0.79, 0.05, lit((244, 250, 255), hour))
    for cx in (0.04, 0.18, 0.84, 0.97):
        disc(im, cx, 0.34 + 0.05 * rng.random(), 0.1, lit((76, 150, 70), hour))
    for cx in (0.03, 0.96):
        disc(im, cx, 0.86, 0.14, lit((60, 136, 60), hour))


def island(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a small island with palms."""
    draw_sky(im, hour, 0.5, rng)
    draw_water(im, hour, 0.5, 1.0, rng)
    x, half = rng.uniform(0.4, 0.6), rng.uniform(0.24, 0.34)
    hill = [(x + half * np.cos(a), 0.68 - 0.16 * np.sin(a)) for a in np.linspace(0, np.pi, 25)]
    polygon(im, hill, lit((246, 218, 150), hour))
    top = [(x + half * 0.7 * np.cos(a), 0.62 - 0.13 * np.sin(a)) for a in np.linspace(0, np.pi, 25)]
    polygon(im, top, lit((104, 180, 80), hour))
    box(im, x - half, 0.675, x + half, 0.69, lit((236, 248, 255), hour))
    paste(im, sprites["palm-tree"], x - 0.08, 0.38, 0.42)
    paste(im, sprites["palm-tree"], x + 0.12, 0.44, 0.3)


def volcano(im: Image, hour: str, rng: Rng, sprites: Sprites) -> None:
    """Draw a volcano with lava and smoke."""
    draw_sky(im, hour, 0.7, rng)
    x = rng.uniform(0.42, 0.58)
    for dx, dy, r in ((0, 0.2, 0.06), (0.06, 0.13, 0.08), (-0.05, 0.08, 0.09), (0.04, 0.02, 0.1)):
        disc(im, x + dx, dy, r, lit((120, 112, 120), hour))
    polygon(
        im,
        [(x - 0.09, 0.26), (x + 0.09, 0.26), (x + 0.46, 0.86), (x - 0.46, 0.86)],
        lit((96, 74, 76), hour),
    )
    polygon(
        im,
        [(x - 0.09, 0.26), (x - 0.01, 0.26), (x - 0.14, 0.86), (x - 0.46, 0.86)],
        lit((74, 58, 64), hour),
    )
    hot: Color = (255, 106, 30)
    polygon(im, [(x - 0.09, 0.26), (x + 0.09, 0.26), (x + 0.06, 0.31), (x - 0.06, 0.31)], hot)
    for side in (-1, 1):
        polygon(
            im,
            [
                (x + side * 0.02, 0.3),
                (x + side * 0.07, 0.28),
                (x + side * 0.2, 0.66),
                (x + side * 0.13, 0.6),
            ],
            hot,
        )
    for _ in range(9):
        disc(im, x + rng.uniform(-0.2, 0.2), rng.uniform(0.1, 0.28), 0.012, (255, 190, 60))
    ground(im, 0.8, lit((70, 110, 62), hour), rng)

"""Parts of landscapes, in the light of the hour: sky, ridges, pines, water, towers.

Each is drawn into ``image`` or ``im``. Lengths and positions are fractions of width and height.
"""

import numpy as np

from training.pictures.brushes import Color, Image, disc, gradient, polygon

SKIES: dict[str, tuple[Color, Color, Color]] = {
    "day": ((70, 150, 240), (130, 195, 250), (205, 232, 255)),
    "sunset": ((88, 44, 130), (235, 84, 84), (255, 196, 84)),
    "sunrise": ((120, 170, 236), (255, 176, 186), (255, 236, 170)),
    "night": ((16, 24, 84), (36, 58, 140), (78, 98, 180)),
}
"""Hour to the colors of the sky at the top, in the middle and at the horizon."""
EVENINGS: tuple[tuple[Color, Color, Color], ...] = (
    SKIES["sunset"],
    ((100, 124, 204), (255, 182, 104), (255, 238, 150)),
    ((34, 24, 84), (150, 50, 132), (255, 132, 118)),
)
"""Skies at sunset, one for each place where the sun may be: red, golden, pink."""
TIMES = tuple(SKIES)
LIGHT: dict[str, Color] = {
    "day": (1, 1, 1),
    "sunset": (0.72, 0.46, 0.5),
    "sunrise": (1.0, 0.84, 0.8),
    "night": (0.34, 0.42, 0.72),
}
"""Hour to the factors of red, green and blue in its light."""


def far(color: Color, time: str) -> Color:
    """Return the color of far mountains. At night they are darker, as the sky has their color."""
    return lit(color, time) if time != "night" else lit((70, 76, 84), time)


def lit(color: Color, time: str) -> Color:
    """Return a color of the land in the light of the hour."""
    red, green, blue = LIGHT[time]
    return color[0] * red, color[1] * green, color[2] * blue


def draw_sky(image: Image, time: str, horizon: float, rng: np.random.Generator) -> None:
    """Fill the picture with the sky, with sun or moon. ``horizon``: fraction of the height."""
    spot = int(rng.integers(3))
    x = (0.5, 0.3, 0.7)[spot]
    colors = EVENINGS[spot] if time == "sunset" else SKIES[time]
    gradient(image, 0, 1, colors)
    gradient(image, 0, horizon, colors)
    if time == "night":
        for _ in range(26):
            disc(
                image,
                rng.uniform(0, 1),
                rng.uniform(0, horizon * 0.9),
                rng.uniform(0.006, 0.012),
                (255, 250, 215),
            )
        disc(image, x, 0.2, 0.085, (255, 244, 190))
        disc(image, x + 0.045, 0.18, 0.075, SKIES["night"][0])
    elif time == "day":
        disc(image, 0.84 if x > 0.4 else 0.16, 0.16, 0.075, (255, 232, 90))
        for cx, cy in ((0.3, 0.16), (0.68, 0.28)):
            for dx, r in ((-0.07, 0.04), (0, 0.055), (0.07, 0.04)):
                disc(image, cx + dx + (x - 0.5) / 2, cy, r, (255, 255, 255))
    else:
        radius = 0.13 if time == "sunset" else 0.1
        disc(image, x, horizon - 0.1, radius * 1.35, colors[2])
        disc(image, x, horizon - 0.1, radius, (255, 240, 150))


def draw_ridge(
    image: Image,
    base: float,
    height: float,
    color: Color,
    cap: Color | None,
    rng: np.random.Generator,
) -> None:
    """Draw three peaks of ``height`` above ``base``. ``cap``: the color of the snow; None: no
    snow."""
    peaks = 3
    shift = rng.uniform(-0.12, 0.12)
    polygon(image, [(0, base - height * 0.25), (1, base - height * 0.25), (1, 1), (0, 1)], color)
    for i in range(peaks):
        x, top = 0.15 + 0.35 * i + shift, base - height * rng.uniform(0.7, 1.0)
        half = 0.34 * (base - top) / height + 0.05
        polygon(image, [(x, top), (x + half, base), (x - half, base)], color)
        if cap is not None:
            f = 0.32
            d, y = half * f, top + (base - top) * f
            polygon(
                image,
                [
                    (x, top),
                    (x + d, y),
                    (x + d / 3, y - 0.02),
                    (x, y + 0.02),
                    (x - d / 3, y - 0.02),
                    (x - d, y),
                ],
                cap,
            )


def draw_pines(im: Image, y: float, side: float, color: Color, rng: np.random.Generator) -> None:
    """Draw a row of pines, ``side`` wide and a little higher, whose feet are at ``y``."""
    count = round(1.25 / side)
    for i in range(count + 1):
        x, top = (i + rng.uniform(-0.2, 0.2)) / count, y - side * rng.uniform(1.1, 1.5)
        for level in range(3):
            half = side * (0.22 + 0.13 * level)
            apex = top + (y - top) * 0.25 * level
            polygon(
                im,
                [
                    (x, apex),
                    (x + half, apex + (y - top) * 0.46),
                    (x - half, apex + (y - top) * 0.46),
                ],
                color,
            )


def draw_water(im: Image, time: str, top: float, bottom: float, rng: np.random.Generator) -> None:
    """Fill from ``top`` to ``bottom`` with water and the shine of the sky on it."""
    low, high = lit((24, 96, 180), time), lit((70, 170, 225), time)
    gradient(im, top, bottom, (high, low))
    shine: Color = {
        "day": (150, 215, 245),
        "sunset": (255, 190, 100),
        "sunrise": (255, 226, 190),
        "night": (130, 150, 215),
    }[time]
    for i in range(7):
        y = top + (bottom - top) * (i + 0.6) / 7.5
        x, half = 0.5 + rng.uniform(-0.16, 0.16), 0.06 + 0.03 * (i % 3) + 0.01 * i
        polygon(im, [(x - half, y), (x, y - 0.01), (x + half, y), (x, y + 0.01)], shine)


def draw_towers(im: Image, time: str, rng: np.random.Generator, modern: bool) -> None:
    """Draw seven towers with lit windows; ``modern`` ones are higher, pointed and of glass."""
    dark = time in ("night", "sunset")
    window: Color = (255, 226, 120) if dark else (214, 236, 250)
    walls: tuple[Color, ...] = ((110, 120, 150), (140, 120, 130), (92, 112, 140))
    if modern:
        walls = ((96, 90, 190), (60, 130, 190), (130, 90, 180))
        window = (110, 250, 250) if dark else (220, 255, 255)
    count = 7
    for i in range(count):
        x0, x1 = i / count + 0.008, (i + 1) / count - 0.008
        top = 0.88 - rng.uniform(0.28, 0.6 if modern else 0.52)
        shade = 0.85 if dark else 1.1
        light = LIGHT["sunrise" if time == "sunset" else time]
        wall = tuple(
            min(255.0, c * shade * max(level, 0.6))
            for c, level in zip(walls[i % 3], light, strict=True)
        )
        mid = (x0 + x1) / 2
        polygon(im, [(x0, top), (x1, top), (x1, 0.9), (x0, 0.9)], (wall[0], wall[1], wall[2]))
        if modern:
            polygon(im, [(x0, top), (mid, top - 0.12), (x1, top)], (wall[0], wall[1], wall[2]))
        for y in np.arange(top + 0.03, 0.84, 0.062):
            for x in (x0 + 0.018, mid + 0.008):
                polygon(im, [(x, y), (x + 0.036, y), (x + 0.036, y + 0.03), (x, y + 0.03)], window)

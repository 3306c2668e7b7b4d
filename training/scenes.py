"""Landscapes drawn by formula: a sky, a terrain, and the light of the hour.

Own work, no third-party art but the sprites handed in. Few layouts on purpose: a small model
learns few pictures well and many pictures as mush.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""(height, width, 3) float32, sRGB 0..255."""
Sprites = Mapping[str, NDArray[np.uint8]]
"""Icon name to (side, side, 4) uint8 RGBA, straight alpha."""
Colour = tuple[float, float, float]

TIMES = ("day", "sunset", "sunrise", "night")
TERRAINS = (
    "mountains",
    "snow",
    "sea",
    "beach",
    "lake",
    "forest",
    "desert",
    "city",
    "future",
    "meadow",
    "sky",
    "space",
)
LAYOUTS = 5
SKIES: dict[str, tuple[Colour, Colour, Colour]] = {
    "day": ((70, 150, 240), (130, 195, 250), (205, 232, 255)),
    "sunset": ((88, 44, 130), (235, 84, 84), (255, 196, 84)),
    "sunrise": ((120, 170, 236), (255, 176, 186), (255, 236, 170)),
    "night": ((16, 24, 84), (36, 58, 140), (78, 98, 180)),
}
LIGHT: dict[str, Colour] = {
    "day": (1, 1, 1),
    "sunset": (0.72, 0.46, 0.5),
    "sunrise": (1.0, 0.84, 0.8),
    "night": (0.34, 0.42, 0.72),
}


def lit(colour: Colour, time: str) -> Colour:
    """Return a ground colour under the light of the hour."""
    red, green, blue = LIGHT[time]
    return colour[0] * red, colour[1] * green, colour[2] * blue


def paste(image: Image, sprite: NDArray[np.uint8], x: float, y: float, side: float) -> None:
    """Draw a sprite into ``image``: centre (x, y) and side in fractions of width, height, min."""
    height, width = image.shape[:2]
    px = max(4, round(side * min(height, width)))
    small = cv2.resize(sprite, (px, px), interpolation=cv2.INTER_AREA).astype(np.float32)
    left, top = round(x * width - px / 2), round(y * height - px / 2)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + px, width), min(top + px, height)
    part = small[y0 - top : y1 - top, x0 - left : x1 - left]
    alpha = part[..., 3:] / 255
    image[y0:y1, x0:x1] = image[y0:y1, x0:x1] * (1 - alpha) + part[..., :3] * alpha


def polygon(image: Image, points: list[tuple[float, float]], colour: Colour) -> None:
    """Fill a polygon; the points are fractions of width and height; edges are smooth."""
    height, width = image.shape[:2]
    scaled = np.array([(x * width * 16, y * height * 16) for x, y in points]).round()
    cv2.fillPoly(image, [scaled.astype(np.int32)], colour, cv2.LINE_AA, shift=4)


def disc(image: Image, x: float, y: float, radius: float, colour: Colour) -> None:
    """Fill a disc; the radius is a fraction of the shorter side."""
    height, width = image.shape[:2]
    centre = (round(x * width * 16), round(y * height * 16))
    cv2.circle(image, centre, round(radius * min(height, width) * 16), colour, -1, cv2.LINE_AA, 4)


def _gradient(image: Image, top: float, bottom: float, stops: tuple[Colour, ...]) -> None:
    height = image.shape[0]
    y0, y1 = round(top * height), round(bottom * height)
    where = np.linspace(0, len(stops) - 1, max(y1 - y0, 1))
    rows = np.stack(
        [np.interp(where, range(len(stops)), [s[c] for s in stops]) for c in range(3)], axis=-1
    )
    image[y0:y1] = rows[: y1 - y0, None, :]


def _sky(image: Image, time: str, horizon: float, rng: np.random.Generator) -> None:
    _gradient(image, 0, 1, SKIES[time])
    _gradient(image, 0, horizon, SKIES[time])
    x = (0.5, 0.3, 0.7)[int(rng.integers(3))]
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
        disc(image, x, horizon - 0.1, radius * 1.35, SKIES[time][2])
        disc(image, x, horizon - 0.1, radius, (255, 240, 150))


def _ridge(
    image: Image,
    base: float,
    height: float,
    colour: Colour,
    cap: Colour | None,
    rng: np.random.Generator,
) -> None:
    peaks = 3
    shift = rng.uniform(-0.12, 0.12)
    polygon(image, [(0, base - height * 0.25), (1, base - height * 0.25), (1, 1), (0, 1)], colour)
    for i in range(peaks):
        x, top = 0.15 + 0.35 * i + shift, base - height * rng.uniform(0.7, 1.0)
        half = 0.34 * (base - top) / height + 0.05
        polygon(image, [(x, top), (x + half, base), (x - half, base)], colour)
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


def _mountains(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.62, rng)
    cap = lit((250, 252, 255), time) if time in ("day", "sunrise", "night") else None
    _ridge(im, 0.72, 0.42, lit((124, 130, 170), time), cap, rng)
    _ridge(im, 0.9, 0.3, lit((70, 96, 92), time), None, rng)
    polygon(im, [(0, 0.88), (1, 0.88), (1, 1), (0, 1)], lit((50, 110, 60), time))


def _pines(im: Image, y: float, side: float, colour: Colour, rng: np.random.Generator) -> None:
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
                colour,
            )


def _snow(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.6, rng)
    _ridge(im, 0.66, 0.38, lit((140, 160, 205), time), lit((250, 252, 255), time), rng)
    polygon(
        im,
        [(0, 0.62), (0.3, 0.58), (0.7, 0.63), (1, 0.58), (1, 1), (0, 1)],
        lit((238, 244, 255), time),
    )
    _pines(im, 0.7, 0.16, lit((60, 120, 110), time), rng)
    polygon(im, [(0, 0.7), (0.4, 0.66), (1, 0.72), (1, 1), (0, 1)], lit((250, 252, 255), time))


def _water(im: Image, time: str, top: float, bottom: float, rng: np.random.Generator) -> None:
    low, high = lit((24, 96, 180), time), lit((70, 170, 225), time)
    _gradient(im, top, bottom, (high, low))
    shine: Colour = {
        "day": (150, 215, 245),
        "sunset": (255, 190, 100),
        "sunrise": (255, 226, 190),
        "night": (130, 150, 215),
    }[time]
    for i in range(7):
        y = top + (bottom - top) * (i + 0.6) / 7.5
        x, half = 0.5 + rng.uniform(-0.16, 0.16), 0.06 + 0.03 * (i % 3) + 0.01 * i
        polygon(im, [(x - half, y), (x, y - 0.01), (x + half, y), (x, y + 0.01)], shine)


def _sea(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.52, rng)
    _water(im, time, 0.52, 1.0, rng)


def _beach(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.48, rng)
    _water(im, time, 0.48, 0.8, rng)
    sand = lit((245, 215, 150), time)
    polygon(im, [(0, 0.7), (0.35, 0.76), (1, 0.68), (1, 1), (0, 1)], lit((240, 250, 255), time))
    polygon(im, [(0, 0.73), (0.35, 0.79), (1, 0.71), (1, 1), (0, 1)], sand)
    paste(im, sprites["palm-tree"], 0.16 if rng.integers(2) else 0.84, 0.5, 0.55)


def _lake(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.5, rng)
    _ridge(im, 0.58, 0.36, lit((120, 130, 170), time), lit((250, 252, 255), time), rng)
    _pines(im, 0.62, 0.1, lit((40, 110, 70), time), rng)
    _water(im, time, 0.6, 1.0, rng)


def _forest(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.55, rng)
    polygon(im, [(0, 0.5), (1, 0.5), (1, 1), (0, 1)], lit((100, 180, 90), time))
    for y, side, colour in (
        (0.56, 0.2, (110, 180, 120)),
        (0.68, 0.27, (60, 150, 84)),
        (0.84, 0.36, (30, 112, 60)),
    ):
        _pines(im, y, side, lit(colour, time), rng)
    polygon(im, [(0, 0.82), (1, 0.82), (1, 1), (0, 1)], lit((76, 150, 60), time))


def _desert(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.55, rng)
    for i, colour in enumerate(((236, 190, 110), (246, 206, 130), (226, 172, 92))):
        base, phase = 0.58 + 0.13 * i, rng.uniform(0, 6.28)
        wave = [(x, base + 0.045 * np.sin(x * 6 + phase)) for x in np.linspace(0, 1, 33)]
        polygon(im, [*wave, (1, 1), (0, 1)], lit(colour, time))
    for x, y, side in ((0.18, 0.62, 0.26), (0.8, 0.72, 0.32)):
        paste(im, sprites["cactus"], x, y, side)


def _towers(im: Image, time: str, rng: np.random.Generator, modern: bool) -> None:
    dark = time in ("night", "sunset")
    window: Colour = (255, 226, 120) if dark else (214, 236, 250)
    walls: tuple[Colour, ...] = ((110, 120, 150), (140, 120, 130), (92, 112, 140))
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


def _city(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.8, rng)
    _towers(im, time, rng, modern=False)
    polygon(im, [(0, 0.88), (1, 0.88), (1, 1), (0, 1)], lit((92, 94, 104), time))
    for x in (0.1, 0.35, 0.6, 0.85):
        polygon(im, [(x, 0.935), (x + 0.1, 0.935), (x + 0.1, 0.95), (x, 0.95)], (240, 230, 180))


def _future(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.8, rng)
    _towers(im, time, rng, modern=True)
    polygon(im, [(0, 0.88), (1, 0.88), (1, 1), (0, 1)], lit((80, 84, 130), time))
    for (x, y), icon in zip(
        ((0.2, 0.13), (0.55, 0.24), (0.84, 0.1)),
        ("automobile", "automobile", "flying-saucer"),
        strict=True,
    ):
        paste(im, sprites[icon], x, y, 0.24)


def _meadow(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.55, rng)
    for i, colour in enumerate(((130, 200, 90), (100, 180, 74), (76, 160, 60))):
        base, phase = 0.56 + 0.12 * i, rng.uniform(0, 6.28)
        wave = [(x, base + 0.035 * np.sin(x * 5 + phase)) for x in np.linspace(0, 1, 33)]
        polygon(im, [*wave, (1, 1), (0, 1)], lit(colour, time))
    paste(im, sprites["deciduous-tree"], 0.14 if rng.integers(2) else 0.86, 0.47, 0.34)
    petals: tuple[Colour, ...] = ((255, 240, 120), (250, 120, 150), (255, 255, 255))
    for i in range(14):
        disc(im, (i + 0.5) / 14, rng.uniform(0.88, 0.97), 0.014, lit(petals[i % 3], time))


def _open_sky(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _sky(im, time, 0.9, rng)
    for dx, r in ((0.05, 0.12), (0.25, 0.15), (0.45, 0.12), (0.65, 0.16), (0.9, 0.14)):
        disc(
            im,
            dx,
            1.0,
            r,
            {"day": (255, 255, 255), "night": (96, 112, 180)}.get(time, (255, 206, 180)),
        )


def _space(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    _gradient(im, 0, 1, ((18, 14, 60), (44, 24, 100), (24, 20, 76)))
    for _ in range(40):
        disc(im, rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.005, 0.011), (255, 255, 235))
    paste(im, sprites["ringed-planet"], 0.83, 0.17, 0.26)
    disc(im, 0.14, 0.84, 0.1, (200, 110, 80))


_DRAW: dict[str, Callable[[Image, str, np.random.Generator, Sprites], None]] = {
    "mountains": _mountains,
    "snow": _snow,
    "sea": _sea,
    "beach": _beach,
    "lake": _lake,
    "forest": _forest,
    "desert": _desert,
    "city": _city,
    "future": _future,
    "meadow": _meadow,
    "sky": _open_sky,
    "space": _space,
}


def draw(terrain: str, time: str, layout: int, size: tuple[int, int], sprites: Sprites) -> Image:
    """Return the (height, width, 3) float32 picture 0..255 of one scene; ``layout`` seeds it."""
    image = np.zeros((*size, 3), np.float32)
    _DRAW[terrain](image, time, np.random.default_rng(1000 + layout), sprites)
    return np.clip(image, 0, 255)

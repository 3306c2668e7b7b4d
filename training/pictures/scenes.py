"""Landscapes drawn by code: a sky, a terrain, and the light of the hour.

Everything is original work, except the sprites. There are few layouts, because a small model learns
a few pictures well but mixes many.
"""

from collections.abc import Callable, Mapping

import numpy as np

from training.pictures.brushes import Color, Image, Sprite, disc, gradient, paste, polygon
from training.pictures.landforms import (
    draw_pines,
    draw_ridge,
    draw_sky,
    draw_towers,
    draw_water,
    far,
    lit,
)

Sprites = Mapping[str, Sprite]
"""Icon name to its drawing."""

LAYOUTS = 5


def _mountains(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.62, rng)
    cap = lit((250, 252, 255), time) if time in ("day", "sunrise", "night") else None
    draw_ridge(im, 0.72, 0.42, far((124, 130, 170), time), cap, rng)
    draw_ridge(im, 0.9, 0.3, lit((70, 96, 92), time), None, rng)
    polygon(im, [(0, 0.88), (1, 0.88), (1, 1), (0, 1)], lit((50, 110, 60), time))


def _snow(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.6, rng)
    draw_ridge(im, 0.66, 0.38, far((140, 160, 205), time), lit((250, 252, 255), time), rng)
    polygon(
        im,
        [(0, 0.62), (0.3, 0.58), (0.7, 0.63), (1, 0.58), (1, 1), (0, 1)],
        lit((238, 244, 255), time),
    )
    draw_pines(im, 0.7, 0.16, lit((60, 120, 110), time), rng)
    polygon(im, [(0, 0.7), (0.4, 0.66), (1, 0.72), (1, 1), (0, 1)], lit((250, 252, 255), time))


def _sea(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.52, rng)
    draw_water(im, time, 0.52, 1.0, rng)


def _beach(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.48, rng)
    draw_water(im, time, 0.48, 0.8, rng)
    sand = lit((245, 215, 150), time)
    polygon(im, [(0, 0.7), (0.35, 0.76), (1, 0.68), (1, 1), (0, 1)], lit((240, 250, 255), time))
    polygon(im, [(0, 0.73), (0.35, 0.79), (1, 0.71), (1, 1), (0, 1)], sand)
    paste(im, sprites["palm-tree"], 0.16 if rng.integers(2) else 0.84, 0.5, 0.55)


def _lake(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.5, rng)
    draw_ridge(im, 0.58, 0.36, far((120, 130, 170), time), lit((250, 252, 255), time), rng)
    draw_pines(im, 0.62, 0.1, lit((40, 110, 70), time), rng)
    draw_water(im, time, 0.6, 1.0, rng)


def _forest(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.55, rng)
    polygon(im, [(0, 0.5), (1, 0.5), (1, 1), (0, 1)], lit((100, 180, 90), time))
    for y, side, color in (
        (0.56, 0.2, (110, 180, 120)),
        (0.68, 0.27, (60, 150, 84)),
        (0.84, 0.36, (30, 112, 60)),
    ):
        draw_pines(im, y, side, lit(color, time), rng)
    polygon(im, [(0, 0.82), (1, 0.82), (1, 1), (0, 1)], lit((76, 150, 60), time))


def _desert(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.55, rng)
    dunes: tuple[Color, ...] = ((236, 190, 110), (246, 206, 130), (226, 172, 92))
    if time == "night":  # moonlight on the ridge in the middle
        dunes = (170, 150, 110), (255, 224, 170), (120, 100, 70)
    for i, color in enumerate(dunes):
        base, phase = 0.58 + 0.13 * i, rng.uniform(0, 6.28)
        wave = [(x, base + 0.045 * np.sin(x * 6 + phase)) for x in np.linspace(0, 1, 33)]
        polygon(im, [*wave, (1, 1), (0, 1)], lit(color, time))
    for x, y, side in ((0.18, 0.62, 0.26), (0.8, 0.72, 0.32)):
        paste(im, sprites["cactus"], x, y, side)


def _city(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.8, rng)
    draw_towers(im, time, rng, modern=False)
    polygon(im, [(0, 0.88), (1, 0.88), (1, 1), (0, 1)], lit((92, 94, 104), time))
    for x in (0.1, 0.35, 0.6, 0.85):
        polygon(im, [(x, 0.935), (x + 0.1, 0.935), (x + 0.1, 0.95), (x, 0.95)], (240, 230, 180))


def _future(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.8, rng)
    draw_towers(im, time, rng, modern=True)
    polygon(im, [(0, 0.88), (1, 0.88), (1, 1), (0, 1)], lit((80, 84, 130), time))
    for (x, y), icon in zip(
        ((0.2, 0.13), (0.55, 0.24), (0.84, 0.1)),
        ("automobile", "automobile", "flying-saucer"),
        strict=True,
    ):
        paste(im, sprites[icon], x, y, 0.24)


def _meadow(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.55, rng)
    for i, color in enumerate(((130, 200, 90), (100, 180, 74), (76, 160, 60))):
        base, phase = 0.56 + 0.12 * i, rng.uniform(0, 6.28)
        wave = [(x, base + 0.035 * np.sin(x * 5 + phase)) for x in np.linspace(0, 1, 33)]
        polygon(im, [*wave, (1, 1), (0, 1)], lit(color, time))
    paste(im, sprites["deciduous-tree"], 0.14 if rng.integers(2) else 0.86, 0.47, 0.34)
    petals: tuple[Color, ...] = ((255, 240, 120), (250, 120, 150), (255, 255, 255))
    for i in range(14):
        disc(im, (i + 0.5) / 14, rng.uniform(0.88, 0.97), 0.014, lit(petals[i % 3], time))


def _open_sky(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    draw_sky(im, time, 0.9, rng)
    for dx, r in ((0.05, 0.12), (0.25, 0.15), (0.45, 0.12), (0.65, 0.16), (0.9, 0.14)):
        disc(
            im,
            dx,
            1.0,
            r,
            {"day": (255, 255, 255), "night": (96, 112, 180)}.get(time, (255, 206, 180)),
        )


def _space(im: Image, time: str, rng: np.random.Generator, sprites: Sprites) -> None:
    gradient(im, 0, 1, ((18, 14, 60), (44, 24, 100), (24, 20, 76)))
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
TERRAINS = tuple(_DRAW)


def draw(terrain: str, time: str, layout: int, size: tuple[int, int], sprites: Sprites) -> Image:
    """Return the picture of a scene, float32 (height, width, 3), 0..255. ``layout`` is its seed."""
    image = np.zeros((*size, 3), np.float32)
    _DRAW[terrain](image, time, np.random.default_rng(1000 + layout), sprites)
    return np.clip(image, 0, 255)

"""All places: how they are drawn at an hour, and their words.

Places are drawn by code (``scenes``, ``settings``, ``interiors``). Details and weather are drawn
over them. The ``layout`` is the seed for the positions of their parts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from training.pictures import interiors, scenes, settings
from training.pictures.brushes import Color, Image, polygon
from training.pictures.landforms import TIMES, draw_pines, lit
from training.pictures.scenes import Sprites

HOURS = ("day", "sunset", "sunrise", "night", "rain", "snowfall")
INDOORS = ("room", "table", "underwater", "space")
"""Places without hours. They are drawn at one hour only."""
Rng = np.random.Generator
_NEW: dict[str, Callable[[Image, str, Rng, Sprites], None]] = {
    name: getattr(module, name)
    for module, names in (
        (
            settings,
            "village winter_village farm street road desert_road river waterfall island volcano",
        ),
        (interiors, "jungle underwater autumn room table field castle"),
    )
    for name in names.split()
}
PLACES = (*scenes.TERRAINS, *_NEW)


def hours(place: str) -> tuple[str, ...]:
    """Return the hours and weather with which a place is drawn."""
    if place in INDOORS:
        return ("night",) if place == "space" else ("day",)
    return HOURS if place != "sky" else HOURS[:5]


def draw(place: str, hour: str, layout: int, size: tuple[int, int], sprites: Sprites) -> Image:
    """Return the picture of a place, float32 (height, width, 3), 0..255. ``size``: (height,
    width)."""
    light = hour if hour in TIMES else "day"
    if place in _NEW:
        image = np.zeros((*size, 3), np.float32)
        _NEW[place](image, light, np.random.default_rng(2000 + layout), sprites)
    else:
        image = scenes.draw(place, light, layout, size, sprites)
    rng = np.random.default_rng(3000 + layout)
    _details(image, place, light, rng)
    if hour == "rain":
        image = _rain(image, rng)
    if hour == "snowfall":
        image = _snowfall(image, rng)
    return np.clip(image, 0, 255)


def _details(im: Image, place: str, light: str, rng: Rng) -> None:
    if light in ("sunset", "sunrise") and place not in INDOORS:
        cloud: Color = (250, 130, 110) if light == "sunset" else (255, 236, 226)
        for _ in range(4):
            x, y, half = rng.uniform(0, 1), rng.uniform(0.05, 0.3), rng.uniform(0.08, 0.2)
            polygon(im, [(x - half, y), (x, y - 0.014), (x + half, y), (x, y + 0.014)], cloud)
        for _ in range(3):
            x, y = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.3)
            for side in (-1, 1):
                wing = [(x, y), (x + side * 0.025, y - 0.018), (x + side * 0.022, y - 0.008)]
                polygon(im, wing, (60, 30, 60))
    if place in ("mountains", "lake") and light != "day":
        draw_pines(im, 1.02, 0.16, lit((34, 66, 60), light), rng)
    elif place == "mountains":
        draw_pines(im, 1.0, 0.12, (34, 104, 62), rng)


def _rain(image: Image, rng: Rng) -> Image:
    gray = image.mean(-1, keepdims=True)
    wet = (0.45 * image + 0.55 * gray) * 0.72 + np.array([8, 14, 26], np.float32)
    for _ in range(70):
        x, y, long = rng.uniform(0, 1.1), rng.uniform(-0.05, 1), rng.uniform(0.05, 0.09)
        drop = [
            (x, y),
            (x + 0.006, y),
            (x - long * 0.3 + 0.006, y + long),
            (x - long * 0.3, y + long),
        ]
        polygon(wet, drop, (196, 214, 236))
    return np.asarray(wet, np.float32)


def _snowfall(image: Image, rng: Rng) -> Image:
    cold = image * 0.7 + np.array([70, 74, 80], np.float32)
    for _ in range(90):
        x, y, r = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.005, 0.011)
        polygon(cold, [(x - r, y), (x, y - r), (x + r, y), (x, y + r)], (255, 255, 255))
    return np.asarray(cold, np.float32)


@dataclass(frozen=True)
class Words:
    """Words for places and hours."""

    alone: dict[str, tuple[str, ...]]
    """Place to its names."""
    at: dict[str, tuple[str, ...]]
    """Place to the phrases for a thing that is there; "night" is the sky at night."""
    when: dict[str, tuple[str, ...]]
    """Hour to its phrases; "" does not mention it."""


@cache
def words() -> Words:
    """Return the words in ``places.txt``."""
    made = Words({}, {}, {})
    for line in Path(__file__).with_name("places.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, *cells = (cell.strip() for cell in line.split("|"))
        lists = [tuple("" if n.strip() == "-" else n.strip() for n in c.split(",")) for c in cells]
        if name.startswith("="):
            made.when[name[1:].strip()] = lists[0]
            continue
        made.at[name] = lists[1]
        if lists[0] != ("",):
            made.alone[name] = lists[0]
    return made

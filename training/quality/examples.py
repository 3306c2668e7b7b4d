"""Training examples: good pictures, good variants of them, and defects in growing levels.

The examples of a picture depend only on its name, so that a set can grow, and an interrupted run
can continue.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from PIL import Image

from training.quality.pictures import (
    close_ups,
    fine_textures,
    game_scenes,
    kinds,
    night_scenes,
    patterns,
    ruled_scenes,
    scenes,
    unseen_scenes,
)
from training.quality.pictures.families import FAMILIES, OF_DRAWINGS, OF_SMOOTHNESS
from training.quality.pictures.forms import AGAIN, FORMS, LATER, MILDER, OUT_OF_REGISTER
from training.quality.pictures.variants import VARIANTS

if TYPE_CHECKING:
    from engines.types import Pixels

CLEAN = "clean"
WORST = 5
OTHER_FORMS = "formed_"
LATER_FORMS = "later_"
MILDER_FORMS = "milder_"
CLOSE_UPS = "near_"
PRINTS = "print_"
"""How the names begin of what is spoiled in other, in later and in milder forms, of parts of
photographs that are good textures, and of photographs as old prints."""
_SIDE_PX, _LARGER_PX = 512, 800
_USUAL = 0.85  # share of the pictures that are reduced to 512 pixels; others to 800
OF_PHOTOGRAPHS = frozenset(["photo", "npm photo", "fog", "snow", "painting"])
"""Kinds whose pictures give examples of every family of defects."""
_LIKE_PHOTOGRAPHS = OF_PHOTOGRAPHS | {"npm neon", "product", "portrait", "night sky"}
_GLOWING = frozenset(["night sky", "pattern", "smooth graphics", "npm abstract"])
_SPOILED_DRAWN = frozenset(
    [
        "slide",
        "line drawing",
        "document",
        "chart",
        "screen",
        "table",
        "silhouettes",
        "town at night",
        *ruled_scenes.DRAWN,
        *game_scenes.DRAWN,
        *fine_textures.DRAWN,
        "planet",
    ]
)
_HARD_TO_ORDER = (
    "white noise",
    "under-exposed",
    "low contrast",
    "salt and pepper",
    "defocus",
    "motion blur",
    "JPEG",
    "WebP",
    "over-exposed",
    "cast, cold",
    "cast, warm",
    "cast, green",
    "tint",
    "halos",
)
"""Families whose mild levels are learned from all five, since they are hard to tell apart."""
_LEAST_IN_ORDER = ("WebP", "mosaic", "shifted rows", "halos")
"""Families of which all photographs give all levels."""
_OF_PRINTS = ("WebP", "motion blur", "halos")
"""Families of which all old prints give all levels."""
_MILD = ("tint", "motion blur")
"""Families of which all levels are given beside the milder forms."""
_WITH_PLAIN_PARTS = ("letterbox", "frame", "collage", "caption")
"""Good variants that resemble pictures with a plain end or band."""
_SMALL_PX = (256, 384)
_DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {
    **scenes.DRAWN,
    **unseen_scenes.DRAWN,
    "gradient": kinds.gradient,
    "slide": kinds.slide,
    "line drawing": kinds.line_drawing,
    "drawn pixel art": kinds.pixel_art,
    "starry sky": kinds.starry_sky,
    **ruled_scenes.DRAWN,
    **game_scenes.DRAWN,
    **night_scenes.DRAWN,
}
SIZED_DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {**_DRAWN, **patterns.DRAWN}
"""Kind of drawing, drawn in several sizes, to the function that draws it from number and side."""
DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {**_DRAWN, **fine_textures.DRAWN}
"""The same for kinds that are drawn in one size or two."""


class Example(NamedTuple):
    """A picture, and what was done to it."""

    family: str
    """Family of the defect; "clean", or "clean:" and the name of a variant, for good pictures."""
    level: int
    """0 for good pictures, 1 to 5 for defects."""
    pixels: Pixels


def of_file(path: Path, kind: str) -> Iterator[Example]:
    """Examples of a good picture of a kind."""
    rng = np.random.default_rng(_number(name_of(path)))
    whole = np.asarray(Image.open(path).convert("RGB"))
    yield Example(CLEAN, 0, whole)
    base = _at_most(whole, _SIDE_PX if rng.random() < _USUAL else _LARGER_PX)
    if base.shape != whole.shape:
        yield Example(CLEAN, 0, base)
    if kind in OF_PHOTOGRAPHS:
        for name in rng.choice(list(VARIANTS), 4, replace=False):
            yield Example(f"{CLEAN}:{name}", 0, VARIANTS[name](base, rng))
    for family in _families(kind, rng):
        spoil, levels = FAMILIES[family]
        for level in _levels(kind, rng):
            yield Example(family, level, spoil(base, levels[level - 1]))


def in_other_forms(path: Path, kind: str) -> Iterator[Example]:
    """Examples of a good picture with other forms of the families of defects, each at its worst
    level and at one or two others. A photograph gives examples of all families that have forms."""
    name = f"{name_of(path)} in other forms"
    rng = np.random.default_rng(_number(name))
    base = _at_most(np.asarray(Image.open(path).convert("RGB")), _SIDE_PX)
    yield Example(CLEAN, 0, base)
    if kind in OF_PHOTOGRAPHS:
        for variant in rng.choice(list(VARIANTS), 4, replace=False):
            yield Example(f"{CLEAN}:{variant}", 0, VARIANTS[variant](base, rng))
    for family in _families(kind, rng):
        for form in FORMS.get(family, ()):
            spoil, levels = form(rng)
            for level in _levels(kind, rng):
                yield Example(family, level, spoil(base, levels[level - 1]))


def _families(kind: str, rng: np.random.Generator) -> list[str]:
    chosen = list(FAMILIES)
    if kind not in OF_PHOTOGRAPHS:
        several = (list(FAMILIES), 8) if kind in _LIKE_PHOTOGRAPHS else (list(OF_DRAWINGS), 4)
        chosen = [str(name) for name in rng.choice(several[0], several[1], replace=False)]
    left_out = OF_SMOOTHNESS if kind in _GLOWING else ()
    return [name for name in chosen if name not in left_out]


def _levels(kind: str, rng: np.random.Generator) -> list[int]:
    """The worst level, and one or two others."""
    others = sorted(int(level) for level in rng.choice([1, 2, 3, 4], 2, replace=False))
    return [WORST, *others] if kind in _LIKE_PHOTOGRAPHS else [WORST, int(rng.choice([3, 4]))]


def of_drawing(kind: str, number: int) -> Iterator[Example]:
    """Examples of the drawing with that number."""
    rng = np.random.default_rng(_number(f"drawn_{kind}_{number}".replace(" ", "_")))
    draw = DRAWN[kind]
    base = draw(number, 512 if rng.random() < 0.5 else 768)
    yield Example(CLEAN, 0, base)
    if rng.random() < 0.4:
        yield Example(CLEAN, 0, draw(number, int(rng.choice([320, 1024]))))
    if kind in _SPOILED_DRAWN:
        for family in rng.choice(list(OF_DRAWINGS), 3, replace=False):
            spoil, levels = FAMILIES[str(family)]
            yield Example(str(family), WORST, spoil(base, levels[-1]))


def in_sizes(path: Path) -> Iterator[Example]:
    """Examples of a photograph in small sizes: unchanged, as JPEG, and with two defects."""
    rng = np.random.default_rng(_number(name_of(path) + " in sizes"))
    whole = np.asarray(Image.open(path).convert("RGB"))
    for side_px in _SMALL_PX:
        small = _at_most(whole, side_px)
        yield Example(CLEAN, 0, small)
        yield Example(f"{CLEAN}:jpeg85", 0, VARIANTS["jpeg85"](small, rng))
        for family in rng.choice(list(FAMILIES), 2, replace=False):
            spoil, levels = FAMILIES[str(family)]
            yield Example(str(family), WORST, spoil(small, levels[-1]))


def in_all_levels(path: Path) -> Iterator[Example]:
    """A photograph, seven families of defects and displaced color channels, each in all levels."""
    rng = np.random.default_rng(_number(name_of(path) + " in all levels"))
    base = _at_most(np.asarray(Image.open(path).convert("RGB")), _SIDE_PX)
    yield Example(CLEAN, 0, base)
    several = [str(name) for name in rng.choice(_HARD_TO_ORDER, 7, replace=False)]
    later, form = OUT_OF_REGISTER
    for family, (spoil, levels) in [*((n, FAMILIES[n]) for n in several), (later, form(rng))]:
        for level, amount in enumerate(levels, 1):
            yield Example(family, level, spoil(base, amount))


def in_later_forms(path: Path) -> Iterator[Example]:
    """A photograph, good variants of it with plain parts, and all levels of the later forms, of two
    others again, and of the families whose levels are hardest to order."""
    rng = np.random.default_rng(_number(name_of(path) + " in later forms"))
    base = _at_most(np.asarray(Image.open(path).convert("RGB")), _SIDE_PX)
    yield Example(CLEAN, 0, base)
    for variant in rng.choice(_WITH_PLAIN_PARTS, 2, replace=False):
        yield Example(f"{CLEAN}:{variant}", 0, VARIANTS[variant](base, rng))
    later = [(family, form(rng)) for family, form in (*LATER, *AGAIN)]
    for family, (spoil, levels) in [*((n, FAMILIES[n]) for n in _LEAST_IN_ORDER), *later]:
        for level, amount in enumerate(levels, 1):
            yield Example(family, level, spoil(base, amount))


def in_milder_forms(path: Path) -> Iterator[Example]:
    """A photograph, and all levels of the mildest forms and of two families whose levels are hard
    to order."""
    rng = np.random.default_rng(_number(name_of(path) + " in milder forms"))
    base = _at_most(np.asarray(Image.open(path).convert("RGB")), _SIDE_PX)
    yield Example(CLEAN, 0, base)
    milder = [(family, form(rng)) for family, form in MILDER]
    for family, (spoil, levels) in [*((n, FAMILIES[n]) for n in _MILD), *milder]:
        for level, amount in enumerate(levels, 1):
            yield Example(family, level, spoil(base, amount))


def as_a_print(path: Path) -> Iterator[Example]:
    """A photograph as an old print, and all levels of eight families of defects that need no
    color."""
    rng = np.random.default_rng(_number(name_of(path) + " as a print"))
    photo = _at_most(np.asarray(Image.open(path).convert("RGB")), _SIDE_PX)
    base = kinds.old_print(photo, rng)
    yield Example(CLEAN, 0, base)
    colorless = [name for name in FAMILIES if not name.startswith(("cast", "tint", "color"))]
    others = sorted(set(colorless) - set(_OF_PRINTS))
    for family in (*_OF_PRINTS, *(str(name) for name in rng.choice(others, 5, replace=False))):
        spoil, levels = FAMILIES[family]
        for level, amount in enumerate(levels, 1):
            yield Example(family, level, spoil(base, amount))


def as_textures(path: Path) -> Iterator[Example]:
    """The part of a photograph with the most detail as a texture: as it is, darker, and repeated;
    and four families of defects in the first."""
    rng = np.random.default_rng(_number(name_of(path) + " as textures"))
    part = _at_most(close_ups.close_up(np.asarray(Image.open(path).convert("RGB")), rng), _SIDE_PX)
    yield Example(CLEAN, 0, part)
    yield Example(f"{CLEAN}:dark", 0, close_ups.darker(part, rng))
    yield Example(f"{CLEAN}:repeated", 0, _at_most(close_ups.repeated(part, rng), _SIDE_PX))
    for family in rng.choice(list(FAMILIES), 4, replace=False):
        spoil, levels = FAMILIES[str(family)]
        for level in (WORST, int(rng.choice([2, 3, 4]))):
            yield Example(str(family), level, spoil(part, levels[level - 1]))


def over_exposed(path: Path) -> Iterator[Example]:
    """Examples of a photograph in gray, and of it and the original over-exposed by two stops and
    more. From these the head learns that white beside gray is not always paper."""
    base = _at_most(np.asarray(Image.open(path).convert("RGB")), _SIDE_PX)
    gray = np.repeat(cv2.cvtColor(base, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    yield Example(CLEAN, 0, gray)
    spoil, levels = FAMILIES["over-exposed"]
    for pixels in (base, gray):
        for gain in levels[-3:]:
            yield Example("over-exposed", WORST, spoil(pixels, gain))


def drawing_in_sizes(kind: str, number: int) -> Iterator[Example]:
    """Examples of a drawing: at 2048 pixels, reduced to smaller sizes, and drawn at 512 pixels."""
    draw = SIZED_DRAWN[kind]
    large = draw(number, 2048)
    for side_px in (256, 512, 1024):
        yield Example(CLEAN, 0, _at_most(large, side_px))
    yield Example(CLEAN, 0, large)
    yield Example(CLEAN, 0, draw(number, 512))


def _at_most(pixels: Pixels, side_px: int) -> Pixels:
    scale = side_px / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def name_of(path: Path) -> str:
    """The name of a picture, which selects its examples: its last three folders and its file
    name."""
    return "_".join(path.parts[-4:]).replace(" ", "_")


def _number(text: str) -> int:
    return zlib.crc32(text.encode())

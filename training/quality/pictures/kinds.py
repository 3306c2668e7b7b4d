"""Good pictures that look like bad ones. The quality check must accept them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.quality.pictures import scenes
from training.quality.pictures.drawings import drawing

if TYPE_CHECKING:
    from engines.types import Pixels

_EACH = 6
_INK = (40, 30, 30)


def kinds(photos: Iterable[Pixels], side_px: int = 768) -> Mapping[str, list[Pixels]]:
    """Kind to its pictures. Kinds that need a photograph have one picture for each of `photos`."""
    some = list(photos)
    drawn: Mapping[str, Callable[[int, int], Pixels]] = {
        "gradient": gradient,
        "slide": slide,
        "line drawing": line_drawing,
        "pixel art": pixel_art,
        "starry sky": starry_sky,
        "flat illustration": drawing,
        **scenes.DRAWN,
    }
    made = {name: [draw(index, side_px) for index in range(_EACH)] for name, draw in drawn.items()}
    for name, level in (("white", 255), ("gray", 128), ("black", 0)):
        made[f"product on {name}"] = [product(photo, level, side_px) for photo in some]
    made["black and white"] = [_gray(photo) for photo in some]
    made["snow"] = [snow(photo) for photo in some]
    for name, change in scenes.OF_PHOTOGRAPHS.items():
        made[name] = [change(photo, index, side_px) for index, photo in enumerate(some)]
    return made


def sizes(draw: Callable[[int], Pixels]) -> Iterator[Pixels]:
    """One picture with sides of 256, 512, 1024 and 2048 px. `draw` draws it from its side."""
    large = draw(2048)
    for side in (256, 512, 1024):
        yield np.asarray(cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA))
    yield large


def gradient(index: int, side_px: int) -> Pixels:
    rng = np.random.default_rng(index)
    ends = np.array((rng.integers(10, 90, 3), rng.integers(160, 246, 3)))
    share = np.linspace(0, 1, side_px)[:, None, None]
    row = ends[0] + share * (ends[1] - ends[0])
    return np.ascontiguousarray(np.broadcast_to(row, (side_px, side_px, 3)).astype(np.uint8))


def slide(index: int, side_px: int) -> Pixels:
    """Lines of text and a bar chart on a plain page."""
    rng, unit = np.random.default_rng(index), side_px / 768
    dark = index % 3 == 2
    page = np.full((int(side_px * 9 / 16), side_px, 3), 24 if dark else 255, np.uint8)
    ink = (235, 235, 235) if dark else (20, 40, 90)
    for row, text in enumerate(("Quarterly results", "Revenue grew by 12 %", "Costs fell again")):
        place = int(40 * unit), int((70 + 60 * row) * unit)
        thick = max(1, round(2 * unit))
        cv2.putText(page, text, place, cv2.FONT_HERSHEY_DUPLEX, unit, ink, thick, cv2.LINE_AA)
    for bar, height in enumerate(rng.integers(30, 150, 5)):
        left, foot = int((60 + 90 * bar) * unit), len(page) - int(30 * unit)
        color = tuple(int(value) for value in rng.integers(40, 220, 3))
        corner = left + int(50 * unit), foot - int(height * unit)
        cv2.rectangle(page, (left, foot), corner, color, -1)
    return page


def line_drawing(index: int, side_px: int) -> Pixels:
    """Curves drawn with a pen on white."""
    rng = np.random.default_rng(index)
    page = np.full((side_px, side_px, 3), 255, np.uint8)
    thick = max(1, side_px // 300)
    for _ in range(9):
        middle = tuple(int(value) for value in rng.uniform(0.25, 0.75, 2) * side_px)
        axes = tuple(int(value) for value in rng.uniform(0.05, 0.22, 2) * side_px)
        ends = float(rng.integers(360)), float(rng.integers(90, 360))
        cv2.ellipse(page, middle, axes, 0, ends[0], ends[0] + ends[1], _INK, thick, cv2.LINE_AA)
    return page


def pixel_art(index: int, side_px: int) -> Pixels:
    """A symmetric figure of 16 x 16 squares in five colors."""
    rng = np.random.default_rng(index)
    palette = rng.integers(0, 256, (5, 3)).astype(np.uint8)
    half = rng.integers(0, 5, (16, 8))
    small = palette[np.hstack([half, half[:, ::-1]])]
    times = max(1, side_px // 16)
    return np.repeat(np.repeat(small, times, axis=0), times, axis=1)


def starry_sky(index: int, side_px: int) -> Pixels:
    rng = np.random.default_rng(index)
    sky = rng.normal((10, 12, 22), 2, (side_px, side_px, 3))
    for _ in range(150):
        y, x = (int(value) for value in rng.integers(4, side_px - 4, 2))
        glow = np.exp(-(np.hypot(*np.mgrid[-3:4, -3:4]) ** 2) / 1.5)[..., None]
        sky[y - 3 : y + 4, x - 3 : x + 4] += glow * rng.uniform(60, 245)
    return np.clip(sky, 0, 255).astype(np.uint8)


def product(photo: Pixels, level: int, side_px: int, share: float = 0.4) -> Pixels:
    """An oval cut out of the photograph's middle, on a plain background."""
    page = np.full((side_px, side_px, 3), level, np.uint8)
    side, least = int(side_px * share), min(photo.shape[:2])
    top, left = (photo.shape[0] - least) // 2, (photo.shape[1] - least) // 2
    square = photo[top : top + least, left : left + least]
    small = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
    mask = np.zeros((side, side), np.uint8)
    cv2.ellipse(mask, (side // 2, side // 2), (side // 2 - 4, side // 2 - 8), 0, 0, 360, 255, -1)
    at = (side_px - side) // 2
    page[at : at + side, at : at + side][mask > 0] = small[mask > 0]
    return page


def old_print(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """The photograph in gray or sepia; three in four with less contrast, as old prints have."""
    gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    tone = np.array([1, 0.9, 0.72]) if rng.random() < 0.4 else np.ones(3)
    if rng.random() < 0.75:
        black = rng.uniform(0, 50)
        gray = black + gray * (rng.uniform(190, 250) - black) / 255
    return np.rint(gray * tone).astype(np.uint8)


def snow(photo: Pixels) -> Pixels:
    """The photograph made as bright as snow, without clipping."""
    return np.asarray(cv2.convertScaleAbs(photo, alpha=0.7, beta=72), np.uint8)


def _gray(photo: Pixels) -> Pixels:
    return np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)

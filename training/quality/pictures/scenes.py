"""More good pictures that look like bad ones: gradients of two colors, skies with few stars,
screens, pages, charts, hatching, vector art, pixel art of many colors, fog and shallow depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

_WORDS = [
    "train",
    "export",
    "quality",
    "import",
    "dataset",
    "replica",
    "revenue",
    "profile",
    "settings",
    "search",
]
_DARK, _PAPER = (40, 36, 32), (255, 255, 255)


def two_colors(index: int, side_px: int) -> Pixels:
    """A gradient between two random colors, in any direction."""
    rng = np.random.default_rng(index)
    ends = rng.integers(0, 256, (2, 3)).astype(float)
    y, x = np.mgrid[:side_px, :side_px] / side_px
    turn = rng.uniform(0, 2 * np.pi)
    share = (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn)
    share = (share - share.min()) / np.ptp(share)
    return (ends[0] + share[..., None] * (ends[1] - ends[0])).astype(np.uint8)


def mesh(index: int, side_px: int) -> Pixels:
    """A smooth gradient of sixteen colors, as in a wallpaper."""
    few = np.random.default_rng(index).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(few, (side_px, side_px), interpolation=cv2.INTER_CUBIC))


def few_stars(index: int, side_px: int) -> Pixels:
    """Few stars on black, or on a sky that is lighter at the horizon."""
    rng = np.random.default_rng(index)
    level, grain = ((0, 0, 0), (8, 6, 14))[index % 2], index % 3
    sky = rng.normal(level, grain, (side_px, side_px, 3))
    sky += (index % 2) * 25 * np.linspace(0, 1, side_px)[:, None, None] ** 2
    for _ in range((60, 200, 500)[index % 3]):
        y, x = (int(value) for value in rng.integers(4, side_px - 4, 2))
        distance = np.hypot(*np.mgrid[-3:4, -3:4])
        glow = np.exp(-(distance**2) / rng.uniform(0.4, 1.6)) * rng.uniform(80, 255)
        sky[y - 3 : y + 4, x - 3 : x + 4] += glow[..., None]
    return sky.clip(0, 255).astype(np.uint8)


def screen(index: int, side_px: int) -> Pixels:
    """An editor with a bar, a list and lines in colors, light or dark."""
    rng, unit, dark = np.random.default_rng(index), side_px / 768, index % 2
    page = np.full((side_px * 5 // 8, side_px, 3), 30 if dark else 255, np.uint8)
    page[: int(30 * unit)] = 50 if dark else 238
    page[int(30 * unit) :, : int(130 * unit)] = 38 if dark else 246
    inks = ((86, 156, 214), (206, 145, 120), (200, 200, 200)) if dark else ((0, 0, 190), _DARK)
    for top in np.arange(55 * unit, len(page), 20 * unit):
        _write(page, str(rng.choice(_WORDS)), (int(12 * unit), int(top)), 0.4 * unit, inks[-1])
        text = " ".join(rng.choice(_WORDS, rng.integers(1, 6)))
        left = int((150 + 20 * rng.integers(4)) * unit)
        _write(page, text, (left, int(top)), 0.42 * unit, inks[rng.integers(len(inks))])
    return page


def document(index: int, side_px: int) -> Pixels:
    """A page of small text."""
    rng = np.random.default_rng(index)
    page = np.full((side_px, side_px * 7 // 10, 3), 255, np.uint8)
    for top in np.linspace(0.1, 0.93, 40) * side_px:
        text = " ".join(rng.choice(_WORDS, 6))
        _write(page, text, (side_px // 16, int(top)), 0.4 * side_px / 768, (20, 20, 20))
    return page


def chart(index: int, side_px: int) -> Pixels:
    """Axes, a grid and lines, one pixel wide and with hard edges."""
    rng = np.random.default_rng(index)
    high, wide = side_px * 3 // 4, side_px
    page = np.full((high, wide, 3), 255, np.uint8)
    left, right, top, foot = int(0.1 * wide), int(0.95 * wide), int(0.06 * high), int(0.9 * high)
    for row in np.linspace(top, foot, 7):
        cv2.line(page, (left, int(row)), (right, int(row)), (215, 215, 215), 1)
        _write(page, str(int(foot - row)), (8, int(row) + 4), 0.35 * side_px / 768, (0, 0, 0))
    cv2.rectangle(page, (left, top), (right, foot), (0, 0, 0), 1)
    for color in ((31, 119, 180), (255, 127, 14), (44, 160, 44))[: 1 + index % 3]:
        walk = np.cumsum(rng.normal(0, 1, 60))
        heights = (top + foot) / 2 + 0.3 * high * walk / np.abs(walk).max()
        points = np.stack([np.linspace(left, right, 60), heights], 1).astype(np.int32)
        cv2.polylines(page, [points], False, color, max(1, side_px // 400))
    return page


def hatching(index: int, side_px: int) -> Pixels:
    """Many short strokes of a pencil."""
    rng = np.random.default_rng(index)
    page = np.full((side_px, side_px), 252, np.uint8)
    for _ in range(900):
        start = rng.uniform(0.15, 0.85, 2) * side_px
        turn, length = rng.normal(0.8, 0.15), rng.uniform(0.01, 0.05) * side_px
        end = start + length * np.array([np.cos(turn), np.sin(turn)])
        points = start.astype(int).tolist(), end.astype(int).tolist()
        cv2.line(page, points[0], points[1], (int(rng.integers(40, 140)),), 1, cv2.LINE_AA)
    return _in_color(page)


def vector_art(index: int, side_px: int) -> Pixels:
    """Disks with gradients in front of a gradient."""
    rng = np.random.default_rng(index + 50)
    disks = np.zeros((side_px, side_px), np.uint8)
    for _ in range(7):
        middle = tuple(int(value) for value in rng.integers(0, side_px, 2))
        cv2.circle(disks, middle, int(rng.uniform(0.06, 0.2) * side_px), 255, -1, cv2.LINE_AA)
    share = disks[..., None] / 255
    behind, before = _light(two_colors(index, side_px)), two_colors(index + 9, side_px) * 0.6
    return (behind * (1 - share) + before * share).astype(np.uint8)


def _light(pixels: Pixels) -> Pixels:
    return (120 + pixels * 0.5).astype(np.uint8)


def pixel_scene(photo: Pixels, index: int, side_px: int) -> Pixels:
    """The photograph as 96 x 96 squares with 4 levels of each channel, as in an old game."""
    few = cv2.resize(photo, (96, 96), interpolation=cv2.INTER_AREA) // 64
    times = max(1, side_px // 96)
    return np.repeat(np.repeat((few * 85).astype(np.uint8), times, axis=0), times, axis=1)


def fog(photo: Pixels, index: int, side_px: int) -> Pixels:
    """The photograph in fog. The upper parts, which are usually far, get more fog."""
    near = np.linspace((0.15, 0.3, 0.4)[index % 3], 0.8, len(photo))[:, None, None]
    return (photo * near + (1 - near) * np.array((205, 210, 215))).astype(np.uint8)


def shallow(photo: Pixels, index: int, side_px: int) -> Pixels:
    """A sharp oval in front of a background that is out of focus."""
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), np.float32)
    axes = int(width * (0.16, 0.2, 0.26)[index % 3]), int(height * 0.38)
    cv2.ellipse(mask, (width // 2, height // 2), axes, 0, 0, 360, (1.0,), -1)
    share = np.asarray(cv2.GaussianBlur(mask, (0, 0), 2))[..., None]
    behind = np.asarray(cv2.GaussianBlur(photo, (0, 0), width / 50))
    return (photo * share + behind * (1 - share)).astype(np.uint8)


DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {
    "two colors": two_colors,
    "mesh of colors": mesh,
    "few stars": few_stars,
    "screen": screen,
    "document": document,
    "chart": chart,
    "hatching": hatching,
    "vector art": vector_art,
}
OF_PHOTOGRAPHS: Mapping[str, Callable[[Pixels, int, int], Pixels]] = {
    "pixel scene": pixel_scene,
    "fog": fog,
    "shallow depth": shallow,
}


def _write(
    page: Pixels, text: str, place: tuple[int, int], scale: float, ink: tuple[int, int, int]
) -> None:
    cv2.putText(page, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA)


def _in_color(gray: NDArray[np.uint8]) -> Pixels:
    return np.repeat(gray[..., None], 3, axis=2)

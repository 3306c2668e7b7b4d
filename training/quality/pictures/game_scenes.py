"""Good pictures as games and prints show them: flat hills before a sky, layers in front of one
another, walls and grounds that repeat, and woodblock prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from engines.types import Pixels

    Plane = NDArray[np.floating]
    Color = tuple[int, int, int]


def game_scene(index: int, side_px: int) -> Pixels:
    """Figures on flat ground with an outline, before soft hills and a sky that is often dark, at
    times with white rounded corners."""
    rng = np.random.default_rng(index + 1100)
    high = int(side_px * rng.uniform(0.5, 1.0))
    dark = rng.random() < 0.55
    scene = _sky(rng, high, side_px, dark)
    for _ in range(int(rng.integers(0, 3))):
        hill = _shaded(rng, 20 if dark else 90, 130 if dark else 220)
        scene = _over(scene, _soft_shape(rng, high, side_px), hill)
    ground = _ground(rng, high, side_px)
    scene[ground > 0] = _color(rng, 30, 200)
    if rng.random() < 0.5:  # stones in the ground
        for _ in range(20):
            at = int(rng.integers(side_px)), int(rng.integers(high))
            if ground[at[1], at[0]]:
                cv2.circle(scene, at, int(rng.integers(2, 14)), _color(rng, 30, 120), -1)
    edge = cv2.morphologyEx(ground, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    scene[cv2.dilate(edge, np.ones((int(rng.integers(1, 7)),) * 2, np.uint8)) > 0] = _color(
        rng, 0, 255
    )
    for _ in range(int(rng.integers(1, 6))):
        _figure(scene, rng, side_px)
    return _rounded(scene, rng) if rng.random() < 0.35 else scene


def layers(index: int, side_px: int) -> Pixels:
    """Silhouettes one before the other, each darker or lighter, soft far away, sharp at the front;
    at times the upper part is one color, which was transparent."""
    rng = np.random.default_rng(index + 1200)
    high = int(side_px * rng.uniform(0.3, 0.9))
    dark = rng.random() < 0.5
    scene = _sky(rng, high, side_px, dark)
    if rng.random() < 0.35:
        scene[:] = _color(rng, 0, 60) if dark else (255, 255, 255)
    count = int(rng.integers(2, 6))
    hue = rng.uniform(0.4, 1, 3)
    for nth in range(count):
        level = (20 + 90 * nth / count) if dark else (220 - 160 * nth / count)
        line = high * (0.3 + 0.6 * nth / count) + _walk(rng, side_px) * high * 0.15
        mask = (np.arange(high)[:, None] > line[None]).astype(np.float32)
        blur_px = max(0.0, (count - 1 - nth) * rng.uniform(0, 1.5))
        if blur_px > 0:
            mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), blur_px), np.float32)
        fade = level + np.linspace(0, rng.uniform(-40, 40), high)[:, None, None]
        scene = _over(scene, mask, np.clip(fade * hue, 0, 255))
        if nth == count - 1 and rng.random() < 0.7:
            _lights(scene, rng, side_px)
    return scene


def wall(index: int, side_px: int) -> Pixels:
    """Bricks, planks, tiles or corrugated metal, lit a little unevenly."""
    rng = np.random.default_rng(index + 1300)
    high = wide = side_px
    how = str(rng.choice(["bricks", "planks", "tiles", "metal"]))
    unit = max(6, int(side_px / rng.integers(8, 40)))
    base = np.array(_color(rng, 60, 210), float)
    if how == "metal":
        wave = np.sin(np.arange(wide) * 2 * np.pi / unit) * rng.uniform(8, 35)
        surface = base + wave[None, :, None] + np.zeros((high, 1, 1))
    else:
        surface = np.zeros((high, wide, 3)) + base * rng.uniform(0.4, 1.2)
        rows = unit if how != "planks" else unit * 2
        columns = {"bricks": unit * 2, "tiles": unit, "planks": wide}[how]
        for row, top in enumerate(range(0, high, rows)):
            begin = -(columns // 2) * (row % 2) if how == "bricks" else 0
            for left in range(begin, wide, columns):
                shade = base * rng.uniform(0.8, 1.1) + rng.normal(0, 4, 3)
                surface[top + 1 : top + rows - 1, max(0, left + 1) : left + columns - 1] = shade
    surface = surface + _cloud(rng, high, wide, 4)[..., None] * rng.uniform(4, 16)
    grain = np.asarray(cv2.GaussianBlur(rng.normal(0, 1, (high, wide)), (0, 0), 0.7))
    surface = surface + grain[..., None] * rng.uniform(1, 9)
    turned = surface.transpose(1, 0, 2) if rng.random() < 0.3 else surface
    return np.ascontiguousarray(np.clip(turned, 0, 255).astype(np.uint8))


def ground(index: int, side_px: int) -> Pixels:
    """Grass, sand, stone or mud from above: structure of all sizes, sharp in its finest."""
    rng = np.random.default_rng(index + 1400)
    base = np.array(_color(rng, 50, 190), float)
    surface = np.zeros((side_px, side_px, 3)) + base
    size = side_px // 4
    while size >= 1:
        amount = rng.uniform(4, 16) if size > 2 else rng.uniform(8, 24)
        plane = _cloud(rng, side_px, side_px, max(2, side_px // size))
        color = 1 + rng.normal(0, 0.15, 3)
        surface += plane[..., None] * amount * color
        size //= 3
    if rng.random() < 0.5:  # blades or pebbles
        canvas = np.clip(surface, 0, 255).astype(np.uint8)
        for _ in range(1500):
            at = rng.integers(0, side_px, 2)
            end = at + rng.normal(0, 5, 2).astype(int)
            shade = np.clip(base * rng.uniform(0.6, 1.5), 0, 255).astype(int).tolist()
            cv2.line(canvas, at.tolist(), end.tolist(), shade, 1, cv2.LINE_AA)
        return canvas
    return np.clip(surface, 0, 255).astype(np.uint8)


def woodblock(index: int, side_px: int) -> Pixels:
    """Black outlines filled with four inks on paper with streaks, as of a worn block."""
    rng = np.random.default_rng(index + 1500)
    high = int(side_px * rng.uniform(0.6, 1.0))
    paper = np.array(_color(rng, 190, 250), float) * np.array([1, rng.uniform(0.85, 1), 1])
    paper[2] *= rng.uniform(0.25, 1)
    streaks = np.asarray(cv2.GaussianBlur(rng.normal(0, 1, (high, side_px)), (0, 0), 9, sigmaY=0.6))
    sheet = paper + streaks[..., None] / streaks.std() * rng.uniform(1, 10)
    sheet = np.clip(sheet, 0, 255).astype(np.uint8)
    inks = [_color(rng, 0, 200) for _ in range(4)]
    for _ in range(int(rng.integers(10, 45))):
        at = int(rng.integers(side_px)), int(rng.integers(high))
        axes = int(rng.uniform(0.02, 0.12) * side_px), int(rng.uniform(0.02, 0.12) * side_px)
        angles = np.linspace(0, 2 * np.pi, 24)
        radius = 1 + 0.25 * np.cos(angles * rng.integers(2, 7) + rng.uniform(0, 6))
        outline = np.stack([np.cos(angles) * axes[0], np.sin(angles) * axes[1]], 1)
        points = np.rint(outline * radius[:, None] + at).astype(np.int32)
        fill = inks[int(rng.integers(4))] if rng.random() < 0.8 else _bytes(paper)
        cv2.fillPoly(sheet, [points], fill, cv2.LINE_AA)
        cv2.polylines(sheet, [points], True, (25, 18, 18), int(rng.integers(1, 4)), cv2.LINE_AA)
        for _ in range(int(rng.integers(0, 8))):  # folds and scales
            begin = points[int(rng.integers(24))].tolist()
            cv2.line(sheet, begin, at, (25, 18, 18), 1, cv2.LINE_AA)
    worn = _cloud(rng, high, side_px, side_px // 3)[..., None] * rng.uniform(0, 12)
    return np.clip(sheet + worn, 0, 255).astype(np.uint8)


DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {
    "game scene": game_scene,
    "layers": layers,
    "wall": wall,
    "ground": ground,
    "woodblock print": woodblock,
}


def _sky(rng: Generator, high: int, wide: int, dark: bool) -> Pixels:
    low, top = (0, 70) if dark else (110, 255)
    ends = np.array([_color(rng, low, top), _color(rng, low, top)], float)
    share = np.linspace(0, 1, high)[:, None, None]
    sky = ends[0] * (1 - share) + ends[1] * share + np.zeros((1, wide, 1))
    return np.asarray(sky.astype(np.uint8))


def _shaded(rng: Generator, low: int, top: int) -> NDArray[np.floating]:
    return np.array(_color(rng, low, top), float)


def _over(scene: Pixels, mask: Plane, color: NDArray[np.floating]) -> Pixels:
    share = mask[..., None]
    return np.asarray((scene * (1 - share) + color * share).astype(np.uint8))


def _soft_shape(rng: Generator, high: int, wide: int) -> Plane:
    mask = np.zeros((high, wide), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(wide)), int(high * rng.uniform(0.4, 1.1))
        cv2.circle(mask, at, int(wide * rng.uniform(0.1, 0.35)), (1.0,), -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 5)))


def _ground(rng: Generator, high: int, wide: int) -> Pixels:
    line = high * rng.uniform(0.5, 0.85) + _walk(rng, wide) * high * rng.uniform(0.02, 0.3)
    return (np.arange(high)[:, None] > line[None]).astype(np.uint8)


def _walk(rng: Generator, wide: int) -> Plane:
    """A line that goes up and down, about -1..1."""
    count = int(rng.integers(3, 14))
    points = rng.uniform(-1, 1, count)
    return np.interp(np.linspace(0, count - 1, wide), np.arange(count), points)


def _figure(scene: Pixels, rng: Generator, wide: int) -> None:
    size = max(3, int(wide * rng.uniform(0.015, 0.06)))
    at = int(rng.integers(wide)), int(rng.uniform(0.1, 0.9) * len(scene))
    cv2.circle(scene, at, size, _color(rng, 60, 255), -1, cv2.LINE_AA)
    cv2.circle(scene, at, size, (15, 15, 15), max(1, size // 8), cv2.LINE_AA)
    eye = at[0] + size // 3, at[1] - size // 4
    cv2.circle(scene, eye, max(1, size // 3), (255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(scene, eye, max(1, size // 6), (0, 0, 0), -1, cv2.LINE_AA)


def _lights(scene: Pixels, rng: Generator, wide: int) -> None:
    for _ in range(int(rng.integers(3, 30))):
        left, top = int(rng.integers(wide)), int(rng.uniform(0.4, 0.95) * len(scene))
        size = int(rng.integers(2, 8))
        scene[top : top + size, left : left + size] = _color(rng, 120, 255)


def _rounded(scene: Pixels, rng: Generator) -> Pixels:
    high, wide = scene.shape[:2]
    radius = int(rng.integers(4, 24))
    mask = np.zeros((high, wide), np.uint8)
    cv2.rectangle(mask, (radius, 0), (wide - radius, high), 1, -1)
    cv2.rectangle(mask, (0, radius), (wide, high - radius), 1, -1)
    for at in ((radius, radius), (wide - radius, radius)):
        cv2.circle(mask, at, radius, 1, -1)
        cv2.circle(mask, (at[0], high - radius), radius, 1, -1)
    return np.where(mask[..., None] > 0, scene, np.uint8(255))


def _cloud(rng: Generator, high: int, wide: int, points: int) -> Plane:
    """Noise of about that many points a side, -1..1."""
    few = rng.normal(0, 0.5, (max(2, points), max(2, points))).astype(np.float32)
    return np.asarray(cv2.resize(few, (wide, high), interpolation=cv2.INTER_CUBIC))


def _color(rng: Generator, low: int, top: int) -> Color:
    red, green, blue = (int(level) for level in rng.integers(low, top + 1, 3))
    return red, green, blue


def _bytes(color: NDArray[np.floating]) -> Color:
    red, green, blue = (int(level) for level in np.clip(color, 0, 255))
    return red, green, blue

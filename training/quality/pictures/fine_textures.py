"""Good textures that resemble noise: grass, gravel, and hatching by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from engines.types import Pixels

    Point = NDArray[np.floating]
    Color = tuple[float, float, float]


def grass(index: int, side_px: int) -> Pixels:
    """Thin blades or needles, one over the other, in shades of one or two colors."""
    rng = np.random.default_rng(index + 2300)
    base = rng.uniform(40, 190) * rng.uniform(0.45, 1, 3)
    other = base * rng.uniform(0.6, 1.5, 3)
    scene = np.full((side_px, side_px, 3), base * 0.5, np.uint8)
    length, lean = rng.uniform(5, 30), rng.uniform(0, np.pi)
    spread, contrast = rng.uniform(0.15, 1.5), rng.uniform(0.12, 0.6)
    for nth in range(count := int(2.2 * side_px * side_px / length / 3)):
        color = base if rng.random() < 0.75 else other
        shade = np.clip(color * (1 + contrast * rng.normal() + 0.3 * nth / count), 0, 255)
        angle = lean + spread * rng.normal()
        at = rng.uniform(0, side_px, 2)
        end = at + length * rng.uniform(0.5, 1.3) * np.array([np.cos(angle), np.sin(angle)])
        _line(scene, at, end, _color(shade), rng)
    return scene


def gravel(index: int, side_px: int) -> Pixels:
    """Small stones, one over the other, each with a light and a dark side."""
    rng = np.random.default_rng(index + 2400)
    base = rng.uniform(50, 190) + rng.normal(0, 12, 3)
    scene = np.full((side_px, side_px, 3), np.clip(base * 0.45, 0, 255), np.uint8)
    size, contrast = rng.uniform(1.6, 9), rng.uniform(0.1, 0.35)
    sun = rng.normal(size=2)
    sun *= 0.35 / np.linalg.norm(sun)
    for _ in range(int(1.6 * side_px * side_px / size**2 / 3)):
        at = rng.uniform(0, side_px, 2)
        axes = size * rng.uniform(0.4, 1.4, 2)
        angle = float(rng.uniform(0, 180))
        shade = base * (1 + contrast * rng.normal()) + rng.normal(0, 6, 3)
        for moved, light, share in ((0, 0.7, 1.0), (1, 1.0, 0.85), (2, 1.2, 0.45)):
            place = at + sun * axes.mean() * moved
            box = (tuple(place.tolist()), tuple((2 * share * axes).tolist()), angle)
            cv2.ellipse(scene, box, _color(shade * light), -1, cv2.LINE_AA)
    return scene


def hatching(index: int, side_px: int) -> Pixels:
    """Lines of a pen in one to three directions, none quite straight, with one ink on paper."""
    rng = np.random.default_rng(index + 2500)
    paper, ink = rng.uniform(200, 255, 3), rng.uniform(0, 110, 3)
    if rng.random() < 0.2:
        paper, ink = ink, paper
    scene = np.full((side_px, side_px, 3), paper, np.uint8)
    apart = rng.uniform(4, 16)
    for _ in range(int(rng.integers(1, 4))):
        angle = rng.uniform(0, np.pi)
        along = np.array([np.cos(angle), np.sin(angle)])
        across = along[::-1] * (-1, 1)
        for offset in np.arange(-side_px, side_px, apart):
            _stroke(scene, rng, (side_px / 2 + across * offset, along), apart, _color(ink))
    return scene


def _stroke(
    scene: Pixels,
    rng: Generator,
    line: tuple[Point, Point],
    apart: float,
    ink: Color,
) -> None:
    """A row of strokes along a line, given by a point and its direction."""
    (middle, along), side = line, scene.shape[0]
    at = -0.75 * side
    while at < 0.75 * side:
        length = apart * rng.uniform(3, 14)
        ends = [middle + along * place for place in (at, at + length)]
        first, last = (end + rng.normal(0, 0.1 * apart, 2) for end in ends)
        _line(scene, first, last, ink, rng)
        at += length + apart * rng.uniform(0.2, 1.5)


def _line(scene: Pixels, start: Point, end: Point, color: Color, rng: Generator) -> None:
    """One or two pixels wide, with places to a sixteenth of a pixel."""
    first, last = ((int(at[0] * 16), int(at[1] * 16)) for at in (start, end))
    cv2.line(scene, first, last, color, 1 + (rng.random() < 0.3), cv2.LINE_AA, 4)


def _color(shade: Point) -> Color:
    red, green, blue = (float(value) for value in np.clip(shade, 0, 255))
    return red, green, blue


DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {
    "grass": grass,
    "gravel": gravel,
    "hatching": hatching,
}
"""Kind to the function that draws it from number and side in pixels."""

"""Good dark pictures without sharp detail: nebulae, and planets and moons before black."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from engines.types import Pixels

    Plane = NDArray[np.float32]
    Scene = NDArray[np.float32]


def nebula(index: int, side_px: int) -> Pixels:
    """Clouds of light in one to three colors before black, at times with stars or noise."""
    rng = np.random.default_rng(index + 2100)
    scene = np.full((side_px, side_px, 3), rng.uniform(0, 14), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        cloud = _cloud(rng, side_px) ** rng.uniform(1, 3.5)
        cloud *= _cloud(rng, side_px, 2) ** rng.uniform(0, 2)
        scene += cloud[..., None] * _hue(rng) * rng.uniform(90, 260)
    if rng.random() < 0.3:
        scene += rng.normal(0, rng.uniform(0.5, 3), scene.shape).astype(np.float32)
    _stars(scene, rng, int(rng.choice([0, 0, 20, 120, 500])))
    return _cut(scene)


def planet(index: int, side_px: int) -> Pixels:
    """A disk with bands, spots or craters, lit from one side, at times with a ring, stars or a
    moon."""
    rng = np.random.default_rng(index + 2200)
    scene = np.full((side_px, side_px, 3), rng.choice([0.0, 0.0, 5.0, 12.0]), np.float32)
    if rng.random() < 0.3:
        scene += (_cloud(rng, side_px, 2) ** 2)[..., None] * _hue(rng) * rng.uniform(20, 70)
    _stars(scene, rng, int(rng.choice([0, 0, 40, 200])))
    for radius in (rng.uniform(0.15, 0.6), *([rng.uniform(0.03, 0.1)] * (rng.random() < 0.3))):
        _globe(scene, rng, radius * side_px)
    return _cut(scene)


def _globe(scene: Scene, rng: Generator, radius: float) -> None:
    """Add a globe at a random place; the part of it outside the picture is cut."""
    side = scene.shape[0]
    at = rng.uniform(0.15, 0.85, 2) * side
    y, x = (np.mgrid[:side, :side] - at[:, None, None]).astype(np.float32) / radius
    away = np.hypot(y, x)
    height = np.sqrt(np.clip(1 - away * away, 0, 1))
    sun = rng.normal(size=3) + np.array([0, 0, 0.5])
    lit = (np.stack([y, x, height], -1) @ (sun / np.linalg.norm(sun))).clip(0.0, 1)
    face = _cloud(rng, side, int(rng.integers(3, 8)))
    if rng.random() < 0.5:
        bands = np.sin((y + 0.15 * face) * rng.uniform(4, 25)) * 0.5 + 0.5
        face = bands * rng.uniform(0.5, 1) + face * 0.3
    share = face[..., None].clip(0, 1)
    color = (_hue(rng) * share + _hue(rng) * (1 - share)) * rng.uniform(150, 280)
    edge = np.clip((1 - away) * radius, 0, 1)[..., None]
    scene *= 1 - edge
    scene += edge * color * lit[..., None] ** rng.uniform(0.6, 1.2)
    if rng.random() < 0.3:
        flat = np.hypot(y * rng.uniform(3, 7) + x * rng.uniform(-1, 1), x)
        ring = np.clip((flat - 1.3) * radius / 2, 0, 1) * np.clip((2 - flat) * radius / 2, 0, 1)
        ring *= (np.sin(flat * 60) * 0.3 + 0.7) * ((y > 0) | (away > 1))
        scene += ring[..., None] * _hue(rng) * 130


def _cloud(rng: Generator, side_px: int, octaves: int = 6) -> Plane:
    """Fractal noise, 0 to 1: random grids of growing fineness and falling weight, enlarged."""
    total = np.zeros((side_px, side_px), np.float32)
    for octave in range(octaves):
        grid = rng.random((3 * 2**octave,) * 2, dtype=np.float32)
        finer = cv2.resize(grid, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
        total += finer * rng.uniform(0.45, 0.6) ** octave
    return np.asarray((total - total.min()) / (np.ptp(total) + 1e-6), np.float32)


def _stars(scene: Scene, rng: Generator, count: int) -> None:
    side = scene.shape[0]
    for _ in range(count):
        y, x = (int(value) for value in rng.integers(4, side - 4, 2))
        glow = np.exp(-(np.hypot(*np.mgrid[-3:4, -3:4]) ** 2) / rng.uniform(0.3, 2))[..., None]
        scene[y - 3 : y + 4, x - 3 : x + 4] += glow * rng.uniform(40, 245)


def _hue(rng: Generator) -> Plane:
    return np.asarray(rng.uniform(0.1, 1, 3) ** rng.uniform(0.3, 2), np.float32)


def _cut(scene: Scene) -> Pixels:
    return np.clip(scene, 0, 255).astype(np.uint8)


DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {"nebula": nebula, "planet": planet}
"""Kind to the function that draws it from number and side in pixels."""

"""Further things without text that resemble rows of letters. The judge of lines was not fitted to
these kinds: they report how it does on what it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from training.letters.structures import Draw, any_color, band_of, bars_on, ink_on


def trellis(rng: np.random.Generator, canvas: Any) -> None:
    top, height = band_of(rng, canvas)
    step, ink = max(8, int(height * rng.uniform(0.2, 0.8))), ink_on(rng, canvas)
    thick = max(2, step // int(rng.integers(4, 10)))
    for x in range(-height - step, canvas.shape[1] + height, step):
        cv2.line(canvas, (x, top), (x + height, top + height), ink, thick, cv2.LINE_AA)
        cv2.line(canvas, (x + height, top), (x, top + height), ink, thick, cv2.LINE_AA)


def mast(rng: np.random.Generator, canvas: Any) -> None:
    """Lattice towers with antennas."""
    side, ink = canvas.shape[0], ink_on(rng, canvas)
    for _ in range(int(rng.integers(1, 5))):
        x, top = int(side * rng.uniform(0.1, 0.9)), int(side * rng.uniform(0.05, 0.4))
        half, step = int(side * rng.uniform(0.02, 0.07)), int(side * rng.uniform(0.03, 0.07))
        for lean in (-half, half):
            cv2.line(canvas, (x + lean, side), (x + lean // 3, top), ink, 3, cv2.LINE_AA)
        for y in range(top, side, step):
            wide = half // 3 + (half - half // 3) * (y - top) // max(1, side - top)
            cv2.line(canvas, (x - wide, y), (x + wide, y + step), ink, 2, cv2.LINE_AA)
            cv2.line(canvas, (x + wide, y), (x - wide, y + step), ink, 2, cv2.LINE_AA)
        for y in (top, top + step):
            for left in range(x - 3 * half, x + 3 * half, max(5, half // 2)):
                cv2.rectangle(canvas, (left, y), (left + max(2, half // 5), y + step // 2), ink, -1)


def grain(rng: np.random.Generator, canvas: Any) -> None:
    noise = cv2.GaussianBlur(rng.normal(0, 1, canvas.shape[:2]), (0, 0), rng.uniform(0.6, 3))
    canvas[:] = np.clip(canvas + (noise / noise.std() * rng.uniform(10, 50))[..., None], 0, 255)


def branches(rng: np.random.Generator, canvas: Any) -> None:
    """Bare trees."""
    ink, side = ink_on(rng, canvas), canvas.shape[0]

    def grow(x: float, y: float, turn: float, length: float) -> None:
        if length < side * 0.02:
            return
        tip = x + length * np.cos(turn), y - length * np.sin(turn)
        ends = (int(x), int(y)), (int(tip[0]), int(tip[1]))
        cv2.line(canvas, *ends, ink, max(1, int(length / 12)), cv2.LINE_AA)
        for side_turn in (-0.45, 0.4):
            grow(*tip, turn + side_turn + rng.normal(0, 0.2), length * rng.uniform(0.6, 0.8))

    for _ in range(int(rng.integers(1, 6))):
        grow(side * rng.uniform(0.1, 0.9), side * 0.95, np.pi / 2, side * rng.uniform(0.08, 0.25))


def tally(rng: np.random.Generator, canvas: Any) -> None:
    """Strokes in fives, the fifth across the others."""
    top, height = band_of(rng, canvas)
    step, ink, x = max(6, int(height * rng.uniform(0.15, 0.35))), ink_on(rng, canvas), 20
    while x < canvas.shape[1] - 6 * step:
        for stroke in range(4):
            wobble = int(rng.normal(0, step * 0.15))
            left = x + stroke * step
            ends = (left + wobble, top), (left, top + height)
            cv2.line(canvas, *ends, ink, max(2, step // 5), cv2.LINE_AA)
        ends = (x - step // 2, top + int(height * 0.7)), (x + 4 * step, top + int(height * 0.3))
        cv2.line(canvas, *ends, ink, max(2, step // 5), cv2.LINE_AA)
        x += int(6.5 * step)


def roof(rng: np.random.Generator, canvas: Any) -> None:
    """A corrugated sheet: bars without edges."""
    height, width = canvas.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    top, band = band_of(rng, canvas)
    wave = np.sin(2 * np.pi * (x + rng.uniform(-0.4, 0.4) * y) / rng.uniform(10, 60))
    wave *= (y > top) & (y < top + band)
    canvas[:] = np.clip(canvas + (wave * rng.uniform(15, 60))[..., None], 0, 255)


def planks(rng: np.random.Generator, canvas: Any) -> None:
    """Uneven posts of a palisade or a row of trunks."""
    top, height = band_of(rng, canvas)
    bars_on(rng, canvas, top, top + height, 0.12)


def abacus(rng: np.random.Generator, canvas: Any) -> None:
    """Beads on wires."""
    top, height = band_of(rng, canvas)
    rows = int(rng.integers(1, 4))
    step, ink = max(12, height // rows), ink_on(rng, canvas)
    for row in range(rows):
        y = top + row * step + step // 2
        cv2.line(canvas, (0, y), (canvas.shape[1], y), ink, max(1, step // 12))
        x = step // 2
        while x < canvas.shape[1]:
            half = (int(step * rng.uniform(0.2, 0.35)), int(step * 0.4))
            cv2.ellipse(canvas, (x, y), half, 0, 0, 360, ink, -1, cv2.LINE_AA)
            x += int(step * rng.choice((0.75, 0.75, 1.6)))


def film(rng: np.random.Generator, canvas: Any) -> None:
    """Strips of film with holes at both sides."""
    top, height = band_of(rng, canvas)
    hole = max(4, height // 9)
    cv2.rectangle(canvas, (0, top), (canvas.shape[1], top + height), (25, 22, 20), -1)
    for x in range(0, canvas.shape[1], 2 * hole):
        for y in (top + hole // 2, top + height - hole - hole // 2):
            cv2.rectangle(canvas, (x, y), (x + hole, y + hole), (225, 225, 215), -1)
    for x in range(0, canvas.shape[1], height):
        ends = (x, top + 2 * hole), (x + height - hole, top + height - 2 * hole)
        cv2.rectangle(canvas, *ends, any_color(rng, 60, 200), -1)


UNSEEN: Mapping[str, Draw] = {
    each.__name__: each
    for each in (trellis, mast, grain, branches, tally, roof, planks, abacus, film)
}

"""Draws things without text that resemble rows of letters: fences, windows, books, keys, grass.

Each picture is drawn by formula in sizes, colors, angles and light of its own. The judge of lines
is fitted to the kinds here; `benchmarks.validators.pictures.unseen_structures` has others, which
are drawn only to report figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.types import Pixels

Draw = Callable[[np.random.Generator, Any], None]
"""Draws on a canvas, uint8 RGB (height, width, 3)."""
_SIDES_PX = (512, 640, 768)
_LIGHT = 110


def any_color(rng: np.random.Generator, low: int, high: int) -> tuple[int, int, int]:
    """A color (0..255) about as light as a gray level between `low` and `high`."""
    base = int(rng.integers(low, high))
    red, green, blue = (int(np.clip(base + rng.integers(-25, 26), 0, 255)) for _ in range(3))
    return red, green, blue


def ink_on(rng: np.random.Generator, canvas: Any) -> tuple[int, int, int]:
    """A color that is darker or lighter than the canvas, by much or by little."""
    mean = float(canvas.mean())
    apart = int(rng.integers(30, 150))
    base = mean + apart if mean < _LIGHT else mean - apart
    return any_color(rng, int(np.clip(base, 5, 240)), int(np.clip(base, 5, 240)) + 10)


def band_of(rng: np.random.Generator, canvas: Any) -> tuple[int, int]:
    """Top and height of a row, px."""
    side = canvas.shape[0]
    height = int(rng.uniform(0.06, 0.4) * side)
    return int(rng.integers(0, side - height)), height


def bars_on(rng: np.random.Generator, canvas: Any, top: int, bottom: int, jitter: float) -> None:
    """Vertical bars across the canvas, from `top` to `bottom` px."""
    width, height = canvas.shape[1], bottom - top
    step = max(6, int(height * rng.uniform(0.12, 0.6)))
    thick = max(2, int(step * rng.uniform(0.2, 0.6)))
    ink = ink_on(rng, canvas)
    for x in range(int(rng.integers(0, step)), width, step):
        left = x + int(rng.normal(0, jitter * step))
        up = top + int(abs(rng.normal(0, jitter * height)))
        cv2.rectangle(canvas, (left, up), (left + thick, bottom), ink, -1)


def fence(rng: np.random.Generator, canvas: Any) -> None:
    """Pickets with points, and two rails."""
    top, height = band_of(rng, canvas)
    step = max(10, int(height * rng.uniform(0.25, 0.7)))
    thick, ink = int(step * rng.uniform(0.35, 0.7)), ink_on(rng, canvas)
    point, turned = int(thick * rng.uniform(0, 1)), bool(rng.integers(2))
    for x in range(-int(rng.integers(0, step)), canvas.shape[1], step):
        y, end = (top + height, top) if turned else (top, top + height)
        tip = y - point if turned else y + point
        corners = [(x, end), (x, tip), (x + thick // 2, y), (x + thick, tip), (x + thick, end)]
        cv2.fillPoly(canvas, [np.asarray(corners, np.int32)], ink, cv2.LINE_AA)
    for share in (0.25, 0.7):
        y = top + int(share * height)
        cv2.rectangle(canvas, (0, y), (canvas.shape[1], y + max(2, height // 9)), ink, -1)


def railing(rng: np.random.Generator, canvas: Any) -> None:
    top, height = band_of(rng, canvas)
    bars_on(rng, canvas, top, top + height, 0.0)
    ink = ink_on(rng, canvas)
    for y in (top, top + height):
        cv2.rectangle(canvas, (0, y), (canvas.shape[1], y + max(2, height // 12)), ink, -1)


def windows(rng: np.random.Generator, canvas: Any) -> None:
    """Houses with lit windows in rows."""
    side, x = canvas.shape[0], 0
    wall, pane = any_color(rng, 20, 120), any_color(rng, 150, 235)
    while x < side:
        width, top = int(side * rng.uniform(0.08, 0.25)), int(side * rng.uniform(0.2, 0.7))
        cv2.rectangle(canvas, (x, top), (x + width, side), wall, -1)
        cell = max(8, int(width / rng.integers(2, 6)))
        for y in range(top + cell // 2, side - cell, cell):
            for left in range(x + cell // 4, x + width - cell // 2, cell):
                if rng.random() < 0.8:
                    size = max(3, int(cell * 0.55))
                    cv2.rectangle(canvas, (left, y), (left + size, y + size), pane, -1)
        x += width + int(side * rng.uniform(0.01, 0.06))


def books(rng: np.random.Generator, canvas: Any) -> None:
    """Shelves with blank spines."""
    side = canvas.shape[0]
    step = int(side * rng.uniform(0.12, 0.35))
    for bottom in range(step, side + step, step):
        x = 0
        while x < side:
            width, height = int(step * rng.uniform(0.08, 0.3)), int(step * rng.uniform(0.55, 0.9))
            ends = (x, bottom - height), (x + max(3, width), bottom - 4)
            cv2.rectangle(canvas, *ends, any_color(rng, 30, 220), -1)
            x += max(3, width) + int(rng.integers(0, 3))
        cv2.rectangle(canvas, (0, bottom - 4), (side, bottom + 3), (70, 50, 40), -1)


def piano(rng: np.random.Generator, canvas: Any) -> None:
    top, height = band_of(rng, canvas)
    step = max(6, int(height * rng.uniform(0.12, 0.3)))
    cv2.rectangle(canvas, (0, top), (canvas.shape[1], top + height), (240, 238, 230), -1)
    for key, x in enumerate(range(0, canvas.shape[1], step)):
        cv2.line(canvas, (x, top), (x, top + height), (90, 90, 90), 1)
        if key % 7 not in (2, 6):
            left, right = x + int(step * 0.7), x + int(step * 1.3)
            cv2.rectangle(canvas, (left, top), (right, top + int(height * 0.6)), (20, 20, 22), -1)


def zebra(rng: np.random.Generator, canvas: Any) -> None:
    """Wavy stripes."""
    height, width = canvas.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    period, lean = rng.uniform(12, 60), rng.uniform(-0.8, 0.8)
    wave = rng.uniform(0, 1.2) * period * np.sin(y / rng.uniform(20, 90) + rng.uniform(0, 6))
    mask = np.sin(2 * np.pi * (x + lean * y + wave) / period) > rng.uniform(-0.4, 0.4)
    top, band = band_of(rng, canvas)
    mask &= (y > top) & (y < top + band * 2) if rng.integers(2) else True
    canvas[mask] = ink_on(rng, canvas)


def barcode(rng: np.random.Generator, canvas: Any) -> None:
    """Bars of four widths on white, without digits."""
    height = int(canvas.shape[0] * rng.uniform(0.08, 0.3))
    unit = int(rng.integers(2, 5))
    x, y = (int(canvas.shape[0] * rng.uniform(0.05, 0.3)) for _ in range(2))
    end = min(canvas.shape[1] - 10, x + 95 * unit)
    cv2.rectangle(canvas, (x - 12, y - 8), (end + 12, y + height + 8), (250, 250, 250), -1)
    while x < end:
        bar, gap = (int(each) * unit for each in rng.integers(1, 5, 2))
        cv2.rectangle(canvas, (x, y), (min(end, x + bar - 1), y + height), (15, 15, 15), -1)
        x += bar + gap


def bricks(rng: np.random.Generator, canvas: Any) -> None:
    height = int(rng.integers(14, 60))
    width, joint = int(height * rng.uniform(1.6, 3.2)), max(2, height // 9)
    canvas[:] = any_color(rng, 150, 220)
    for row, y in enumerate(range(0, canvas.shape[0], height)):
        for x in range(-(row % 2) * width // 2, canvas.shape[1], width):
            ends = (x, y), (x + width - joint, y + height - joint)
            cv2.rectangle(canvas, *ends, any_color(rng, 90, 130), -1)


def grass(rng: np.random.Generator, canvas: Any) -> None:
    top, height = band_of(rng, canvas)
    for _ in range(int(canvas.shape[1] * rng.uniform(0.1, 0.6))):
        x, blade = int(rng.integers(0, canvas.shape[1])), height * rng.uniform(0.3, 1)
        tip = (int(x + rng.normal(0, 0.25) * blade), int(top + height - blade))
        green = (int(rng.integers(20, 110)), int(rng.integers(90, 200)), int(rng.integers(20, 80)))
        cv2.line(canvas, (x, top + height), tip, green, max(1, height // 30), cv2.LINE_AA)


def staves(rng: np.random.Generator, canvas: Any) -> None:
    """Staves with notes."""
    step, ink, side = int(rng.integers(6, 16)), ink_on(rng, canvas), canvas.shape[1]
    for top in range(40, canvas.shape[0] - 6 * step, 10 * step):
        for line in range(5):
            cv2.line(canvas, (20, top + line * step), (side - 20, top + line * step), ink, 1)
        for x in range(50, side - 40, int(step * rng.uniform(2.5, 4))):
            y = top + int(rng.integers(0, 9)) * step // 2
            cv2.ellipse(canvas, (x, y), (int(step * 0.6), int(step * 0.45)), -20, 0, 360, ink, -1)
            stem = x + int(step * 0.6)
            cv2.line(canvas, (stem, y), (stem, y - 3 * step), ink, max(1, step // 8))


def checkerboard(rng: np.random.Generator, canvas: Any) -> None:
    top, height = band_of(rng, canvas)
    step, ink = max(6, int(height / rng.integers(2, 8))), ink_on(rng, canvas)
    for row, y in enumerate(range(top, top + height, step)):
        for x in range((row % 2) * step, canvas.shape[1], 2 * step):
            cv2.rectangle(canvas, (x, y), (x + step - 1, y + step - 1), ink, -1)


def frieze(rng: np.random.Generator, canvas: Any) -> None:
    """A row of one shape, repeated: teeth, leaves, arches, posts."""
    top, height = band_of(rng, canvas)
    step, ink = max(8, int(height * rng.uniform(0.2, 1.2))), ink_on(rng, canvas)
    corners = int(rng.integers(3, 9))
    shape = rng.uniform(0, 1, (corners, 2)) * (step * rng.uniform(0.5, 1.2), height)
    if rng.integers(2):
        shape = cv2.convexHull(shape.astype(np.float32))[:, 0]
    joined = bool(rng.integers(2))
    for x in range(-step, canvas.shape[1], step):
        wobble = rng.normal(0, 0.03 * step, shape.shape)
        points = np.rint(shape + wobble + (x, top)).astype(np.int32)
        cv2.fillPoly(canvas, [points], ink, cv2.LINE_AA)
    if joined:
        y = top + int(height * rng.choice((0.0, 0.3, 0.9)))
        cv2.rectangle(canvas, (0, y), (canvas.shape[1], y + max(2, height // 6)), ink, -1)


def ridge(rng: np.random.Generator, canvas: Any) -> None:
    """Tops of mountains or trees, one behind the other."""
    width = canvas.shape[1]
    for _ in range(int(rng.integers(1, 4))):
        top, height = band_of(rng, canvas)
        ends = np.arange(0, width + 40, int(rng.integers(8, 60)))
        ups = top + rng.uniform(0, 1, len(ends)) * height
        line = np.interp(np.arange(width), ends, ups)
        corners = [(0, canvas.shape[0]), *zip(range(width), line, strict=True)]
        outline = np.asarray([*corners, (width, canvas.shape[0])], np.int32)
        cv2.fillPoly(canvas, [outline], ink_on(rng, canvas), cv2.LINE_AA)


KNOWN: Mapping[str, Draw] = {
    each.__name__: each
    for each in (
        *(fence, railing, windows, books, piano, zebra, barcode, bricks, grass),
        *(staves, checkerboard, frieze, ridge),
    )
}


def structures(kinds: Mapping[str, Draw], each: int, seed: int = 0) -> Iterator[tuple[str, Pixels]]:
    """Kind and picture, RGB uint8, `each` pictures of every kind. Equal seeds give equal
    pictures."""
    for name, draw in kinds.items():
        for number in range(each):
            rng = np.random.default_rng([seed, number, *name.encode()])
            yield name, structure(draw, rng)


def structure(draw: Draw, rng: np.random.Generator) -> Pixels:
    """One picture: on a plain or shaded ground, tilted, blurred, darkened and noisy to some
    degree."""
    side = int(rng.choice(_SIDES_PX))
    canvas = np.empty((side, side, 3), np.uint8)
    first, second = (np.asarray(any_color(rng, 10, 245), np.float32) for _ in range(2))
    share = np.linspace(0, rng.choice((0.0, 0.3)), side, dtype=np.float32)[:, None, None]
    canvas[:] = np.clip(first * (1 - share) + second * share, 0, 255)
    draw(rng, canvas)
    turn = float(rng.choice((0.0, rng.normal(0, 4), rng.uniform(-90, 90)), p=(0.4, 0.4, 0.2)))
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), turn, 1.0 + 0.02 * min(20, abs(turn)))
    turned = cv2.warpAffine(canvas, matrix, (side, side), borderMode=cv2.BORDER_REFLECT)
    soft = cv2.GaussianBlur(turned, (0, 0), float(rng.choice((0.5, 1.0, 2.5, 5.0))))
    noisy = soft * rng.uniform(0.5, 1.0) + rng.normal(0, float(rng.choice((1, 4, 10))), soft.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)

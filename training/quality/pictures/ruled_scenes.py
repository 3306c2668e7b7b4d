"""Good pictures with ruled lines: reports, ledgers, dialogs and posters on plain grounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from engines.types import Pixels

    Color = tuple[int, int, int]

_WORDS = [
    "Salary",
    "Rent",
    "Food",
    "Phone",
    "Insurance",
    "Transfer",
    "Income",
    "Fees",
    "Books",
    "Travel",
    "Interest",
    "Tax",
]
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_PLAIN)


def report(index: int, side_px: int) -> Pixels:
    """A list of sums under headings on a white page, with shaded rows and rules; often the lower
    part of the page is empty, and often the list is narrower than the page."""
    rng, unit = np.random.default_rng(index + 700), side_px / 512
    page = np.full((int(side_px * rng.uniform(0.5, 1.2)), side_px, 3), 255, np.uint8)
    wide = int(side_px * rng.uniform(0.55, 1.0))
    line_px = max(9, int(rng.uniform(13, 24) * unit))
    shade, rule = _light_color(rng), (int(rng.integers(60, 200)),) * 3
    filled = int(len(page) * rng.uniform(0.5, 1.0))
    zebra, dense = rng.random() < 0.5, rng.uniform(0.05, 0.3)
    strong = tuple(int(level) for level in rng.permutation([255, 255, int(rng.integers(0, 120))]))
    for row, top in enumerate(range(line_px, filled, line_px)):
        draw = rng.random()
        if draw < dense:
            page[top : top + line_px, :wide] = strong if rng.random() < 0.4 else shade
        elif zebra and row % 2:
            page[top : top + line_px, :wide] = shade
        if rng.random() < dense:
            page[top : top + max(1, int(unit)), :wide] = rule
        if draw < 0.9:
            ink = (180, 40, 40) if draw < 0.3 else (20, 20, 20)
            _text(page, str(rng.choice(_WORDS)), int(6 * unit), top + line_px, line_px, ink, rng)
            amount = f"{rng.integers(1, 99999) / 100:.2f}"
            _text(page, amount, int(wide * 0.75), top + line_px, line_px, ink, rng)
    return page


def ledger(index: int, side_px: int) -> Pixels:
    """A window with a title, a menu, icons, and a table of ruled cells in shaded rows."""
    rng, unit = np.random.default_rng(index + 800), side_px / 512
    high = int(side_px * rng.uniform(0.4, 0.85))
    window = np.full((high, side_px, 3), int(rng.integers(215, 246)), np.uint8)
    line_px = max(8, int(rng.uniform(10, 18) * unit))
    title = _light_color(rng) if rng.random() < 0.5 else _dark_color(rng)
    window[:line_px] = title
    _text(window, "TEST - Ledger", side_px // 3, line_px, line_px, (120, 120, 120), rng)
    for nth in range(7):
        _text(window, str(rng.choice(_WORDS))[:4], nth * 38, 2 * line_px, line_px, (0, 0, 0), rng)
    icons = 2 * line_px + 4
    for nth in range(int(rng.integers(5, 14))):
        at = int((10 + nth * rng.uniform(22, 36)) * unit), icons + line_px
        cv2.circle(window, at, max(3, line_px // 2), _any_color(rng), -1, cv2.LINE_AA)
    top, foot = icons + 2 * line_px, int(high * rng.uniform(0.6, 0.95))
    shades, line = (_light_color(rng), (255, 255, 255), _light_color(rng)), _dark_color(rng)
    borders = np.sort(rng.integers(0, side_px, int(rng.integers(3, 8))))
    header = _dark_color(rng) if rng.random() < 0.5 else _light_color(rng)
    window[top:foot] = 255
    for row, first in enumerate(range(top, foot - line_px, line_px)):
        window[first : first + line_px] = header if row == 0 else shades[int(rng.integers(3))]
        if rng.random() < 0.8:
            window[first : first + 1] = line
        for left in borders:
            if rng.random() < 0.7:
                window[first : first + line_px, left : left + 1] = line
            if rng.random() < 0.4:
                words = str(rng.choice(_WORDS))
                _text(window, words, int(left) + 3, first + line_px, line_px, (20, 20, 20), rng)
    window[top:foot, -int(10 * unit) :] = 200
    return window


def form(index: int, side_px: int) -> Pixels:
    """A dialog with labels, fields, boxes to tick and buttons."""
    rng, unit = np.random.default_rng(index + 900), side_px / 512
    ground = int(rng.integers(225, 250)) if rng.random() < 0.75 else int(rng.integers(35, 70))
    ink = (20, 20, 20) if ground > 128 else (230, 230, 230)
    page = np.full((int(side_px * rng.uniform(0.5, 1.0)), side_px, 3), ground, np.uint8)
    line_px = max(9, int(rng.uniform(13, 20) * unit))
    if rng.random() < 0.6:
        page[:line_px] = _dark_color(rng)
    first = 2 * line_px
    if rng.random() < 0.4:
        page[:, : side_px // 5] = np.clip(ground + int(rng.choice([-14, 5])), 0, 255)
    for top in range(first, len(page) - 2 * line_px, int(line_px * rng.uniform(1.4, 2))):
        _text(page, str(rng.choice(_WORDS)), int(side_px * 0.22), top + line_px, line_px, ink, rng)
        left, right = int(side_px * 0.45), int(side_px * rng.uniform(0.6, 0.95))
        box = (left, top), (right, top + line_px)
        if rng.random() < 0.6:
            cv2.rectangle(page, *box, (255, 255, 255) if ground > 128 else (20, 20, 20), -1)
            cv2.rectangle(page, *box, (150, 150, 150), 1)
        elif rng.random() < 0.5:
            cv2.rectangle(page, (left, top), (left + line_px, top + line_px), (110, 110, 110), 1)
    corner = side_px - int(90 * unit), len(page) - int(1.6 * line_px)
    cv2.rectangle(page, corner, (side_px - 8, len(page) - 6), _light_color(rng), -1)
    return page


def sheet_of_sprites(index: int, side_px: int) -> Pixels:
    """Small figures in rows on one color, as games keep them; some places are empty."""
    rng = np.random.default_rng(index + 1000)
    ground = _any_color(rng) if rng.random() < 0.5 else (255, 255, 255)
    page = np.full((side_px * int(rng.integers(2, 5)) // 4, side_px, 3), ground, np.uint8)
    cell, colors = side_px // int(rng.integers(4, 11)), [_any_color(rng) for _ in range(4)]
    soft = rng.random() < 0.4
    for top in range(0, len(page) - cell + 1, cell):
        for left in range(0, side_px - cell + 1, cell):
            if rng.random() < 0.15:
                continue
            middle, size = (left + cell // 2, top + cell // 2), cell * rng.uniform(0.2, 0.42)
            turn = float(rng.uniform(0, 360))
            axes = int(size), int(size * rng.uniform(0.5, 1))
            cv2.ellipse(page, middle, axes, turn, 0, 360, colors[0], -1, cv2.LINE_AA)
            cv2.ellipse(page, middle, axes, turn, 0, 360, (20, 20, 20), 1, cv2.LINE_AA)
            eye = middle[0] + int(size / 3), middle[1] - int(size / 3)
            cv2.circle(page, eye, max(1, int(size / 4)), colors[1], -1, cv2.LINE_AA)
            foot = middle[0], top + int(0.95 * cell)
            cv2.line(page, middle, foot, colors[2], max(1, int(size / 5)), cv2.LINE_AA)
            if soft:
                light = page[top : top + cell, left : left + cell]
                shade = np.linspace(1.1, 0.7, len(light))[:, None, None]
                light[:] = np.clip(light * shade, 0, 255)
    return page


DRAWN: Mapping[str, Callable[[int, int], Pixels]] = {
    "report": report,
    "ledger": ledger,
    "form": form,
    "sheet of sprites": sheet_of_sprites,
}


def _text(
    page: Pixels, words: str, left: int, foot: int, line_px: int, ink: Color, rng: Generator
) -> None:
    font = _FONTS[int(rng.integers(len(_FONTS)))]
    scale = line_px / (20 if font == cv2.FONT_HERSHEY_PLAIN else 34)
    cv2.putText(page, words, (left, foot - line_px // 4), font, scale, ink, 1, cv2.LINE_AA)


def _light_color(rng: Generator) -> Color:
    return _color(rng.integers(190, 256, 3))


def _dark_color(rng: Generator) -> Color:
    return _color(rng.integers(20, 130, 3))


def _any_color(rng: Generator) -> Color:
    return _color(rng.integers(0, 256, 3))


def _color(levels: np.ndarray[tuple[int, ...], np.dtype[np.integer]]) -> Color:
    red, green, blue = (int(level) for level in levels)
    return red, green, blue

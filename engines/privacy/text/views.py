"""What a text reader is shown of a picture: the whole, scaled down, and parts of a large one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.privacy.text.long_pictures import parts_of

if TYPE_CHECKING:
    from engines.privacy.config import TextConfig
    from engines.privacy.model import Box
    from engines.types import Pixels

READABLE_PX = 8.4
"""Font size, px, from which a line alone on a blank tile is found. On a larger blank page it is
not: the detector weighs what it sees by the average of the whole."""
_LEAST_LINE_PX = 8.0
"""Lower lines are not read in a view of the whole if other views show them larger."""
_TILE_PX = 736
"""Side of a tile, px of the scaled picture: the detector would enlarge a smaller one to it."""
_OVERLAP_DOWN, _OVERLAP_ACROSS = 48, 128
"""Of two tiles: a row, and an e-mail address or a number in small letters, fit into it."""
_ENOUGH_PX = 11.0
"""Font size, px, in a view of the whole from which it is not shown in tiles: a picture of 2048 px
is not. The parts of a long picture are as small as tiles: for them `READABLE_PX` is enough."""
_HIGHEST_IN_TILE_PX, _HIGHEST_UNREAD_PX = 52.0, 36.0
_HEIGHT_OF_LINE = 1.4
"""Height of a line as the detector sees it, in multiples of its font size."""
_FOUND_ALONE_PX = 13.2
"""Font size, px, from which a line alone on a large blank page is found."""
_EDGE = 24
"""Contrast (0..255) within 3 x 3 px that counts as an edge of a letter."""
_MOST_EDGES = 0.05
"""Share of edges up to which a picture is plain: single small lines on it are hard to find."""
_WORD_GAP_PX = 7
_LOWEST_WORD_PX, _SHORTEST_WORD_PX = 5, 14
_LEAST_FILLED = 0.35
"""A word is a piece of edges, joined across gaps in its row, that fills this share of its box: an
outline fills less, an edge alone is lower."""
_NEIGHBORS = np.ones((3, 3), dtype=np.uint8)
_ROW = np.ones((1, _WORD_GAP_PX), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class View:
    """A part of a picture as it is shown to the reader."""

    pixels: Pixels
    """RGB, uint8 (height, width, 3), scaled by `factor`."""
    part: Box
    """Where it is in the picture: x, y, width, height in px."""
    factor: float
    least_height_px: float = 0.0
    """Lines below this height are not read here, because another view shows them larger."""
    most_height_px: float = math.inf
    most_unread_px: float = math.inf
    """Higher lines, and higher ones that were not read, are left to the view of the whole: in a
    tile they are mostly shapes."""


def views_of(pixels: Pixels, config: TextConfig) -> Iterator[View]:
    """The views of RGB `pixels`, uint8 (height, width, 3), the most important first.

    A picture is shown as a whole, a long one also in parts, each with a long side of at most
    `config.long_side_px`. If letters of `config.small_letters_px` would be too small to be found
    there, the picture is also shown in tiles in which they are large enough: those with the most
    detail that may be words first, those without any never. A plain picture is shown in tiles from
    a smaller size on, because single lines on it are harder to find.
    """
    height, width = pixels.shape[:2]
    whole = (0, 0, width, height)
    longer = max(height, width) > config.long_side_px
    parts = parts_of(height, width) if longer else []
    largest = max(max(part[2:]) for part in parts or [whole])
    close = READABLE_PX / config.small_letters_px
    enough = READABLE_PX if parts else _ENOUGH_PX
    size_px = min(1.0, config.long_side_px / largest) * config.small_letters_px
    if size_px >= min(enough, config.small_letters_px):
        yield _scaled(pixels, whole, config.long_side_px, _LEAST_LINE_PX if parts else 0.0)
        for part in parts:
            yield _scaled(pixels, part, config.long_side_px)
        if parts or size_px >= min(_FOUND_ALONE_PX, config.small_letters_px):
            return
        small = _resized(pixels, close)
        if _is_plain(small):
            yield from _tiles(small, close, _lowest_of_whole(close, config.long_side_px / largest))
        return
    small = _resized(pixels, close)
    first = _scaled(pixels, whole, config.long_side_px, _LEAST_LINE_PX)
    yield first
    highest = max(_HIGHEST_IN_TILE_PX, _lowest_of_whole(close, first.factor))
    yield from _tiles(small, close, highest)


def _lowest_of_whole(close: float, factor: float) -> float:
    """Height in a tile, px, from which lines are found in the view of the whole too, even alone.
    `close`, `factor`: the scales of the tile and of the whole."""
    return _HEIGHT_OF_LINE * _FOUND_ALONE_PX * close / factor


def _tiles(small: Pixels, factor: float, highest_px: float) -> Iterator[View]:
    """The tiles with words of a picture that was scaled by `factor` to `small`."""
    for x, y, columns, rows in _with_words(small, tiles_of(*small.shape[:2])):
        part = (_at(x, factor), _at(y, factor), _at(columns, factor), _at(rows, factor))
        shown = small[y : y + rows, x : x + columns]
        yield View(shown, part, factor, 0.0, highest_px, min(highest_px, _HIGHEST_UNREAD_PX))


def tiles_of(height: int, width: int) -> list[Box]:
    """Boxes (x, y, width, height) of at most 736 x 736 px, which overlap and cover `height` by
    `width` px, by rows."""
    columns = _starts(width, _OVERLAP_ACROSS)
    across, down = min(width, _TILE_PX), min(height, _TILE_PX)
    return [(x, y, across, down) for y in _starts(height, _OVERLAP_DOWN) for x in columns]


def _starts(length: int, overlap: int) -> list[int]:
    """Where as few tiles as cover `length` px start, with at least `overlap` in common."""
    if length <= _TILE_PX:
        return [0]
    count = math.ceil((length - overlap) / (_TILE_PX - overlap))
    return [round(at * (length - _TILE_PX) / (count - 1)) for at in range(count)]


def _with_words(small: Pixels, boxes: list[Box]) -> list[Box]:
    """The boxes with anything that may be a word, those with most of it first."""
    found: list[tuple[int, Box]] = []
    for box in boxes:
        x, y, width, height = box
        area = _area_of_words(small[y : y + height, x : x + width])
        if area:
            found.append((area, box))
    return [box for _, box in sorted(found, key=lambda each: -each[0])]


def _is_plain(pixels: Pixels) -> bool:
    return float(_edges(pixels).mean()) < _MOST_EDGES


def _edges(pixels: Pixels) -> Pixels:
    """1 where a pixel is near an edge, else 0: uint8 (height, width)."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    steps = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, _NEIGHBORS)
    return np.asarray(steps >= _EDGE, dtype=np.uint8)


def _area_of_words(pixels: Pixels) -> int:
    """Number of pixels in pieces that may be words or lines of text, or hide some."""
    joined = cv2.morphologyEx(_edges(pixels), cv2.MORPH_CLOSE, _ROW)
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    area = stats[1:, cv2.CC_STAT_AREA]
    like_words = (height >= _LOWEST_WORD_PX) & (width >= _SHORTEST_WORD_PX)
    like_words &= area >= _LEAST_FILLED * width * height
    return int(area[like_words].sum())


def _scaled(pixels: Pixels, part: Box, long_side_px: int, least_height_px: float = 0.0) -> View:
    x, y, width, height = part
    factor = min(1.0, long_side_px / max(height, width))
    shown = pixels[y : y + height, x : x + width]
    return View(_resized(shown, factor), part, factor, least_height_px)


def _resized(pixels: Pixels, factor: float) -> Pixels:
    if factor == 1.0:
        return pixels
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    resized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.uint8)


def _at(position: int, factor: float) -> int:
    return round(position / factor)

"""Missing parts: areas of one color from side to side. Decoders leave them for the end of a
truncated file; sensors, cables and decoders leave them for lost lines."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.metrics.runs import longest_run, runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.gray import Gray
    from engines.types import Pixels

_ABRUPT, _ABOVE = 10, 3  # smallest mean difference, levels, from the row so many rows above
_SAME = 3  # a missing part differs by at most so many levels from its color
_FILLING = 128
_FAST_PX = 16  # every so many pixels of a row are looked at first
_FULL_ROW, _FEWEST_MISSING, _OF_THE_EDGE = 0.995, 0.04, 0.3
_FEWEST_LINES_PX, _FEWEST_LINES = 6, 0.015
_ELSEWHERE = (
    0.2  # of the rest of the picture, up to which the color of lost lines may be seen there
)
_AS_BAD_AS = 3.0  # weight of lines lost in the middle, relative to lines at the end


class Missing(NamedTuple):
    """How much of a picture is missing."""

    share: float = 0.0
    """Missing share of the picture, 0 to 1. Lines lost in the middle count threefold."""
    filled: bool = False
    """Whether the missing part is the gray that decoders fill in. Other colors may belong to a
    drawing."""


def missing(pixels: Pixels) -> Missing:
    """Find missing parts of RGB `pixels`, uint8 (height, width, 3).

    At the lower edge a part of any color counts. At the other edges, where a turned file may end,
    only the gray of decoders counts, because skies and walls have other colors.
    """
    if share := _at_end(pixels):
        return Missing(share, _is_filling(pixels[-1, 0]))
    across = pixels.transpose(1, 0, 2)
    for turned in (pixels[::-1], across, across[::-1]):
        if _is_filling(turned[-1, 0]) and (share := _at_end(np.ascontiguousarray(turned))):
            return Missing(share, True)
    lost = max(_lines_lost(pixels), _lines_lost(across))
    return Missing(min(1.0, _AS_BAD_AS * lost))


def _at_end(pixels: Pixels) -> float:
    """Share, 0 to 1, of rows of one color at the lower edge. 0 if the rest of the picture has a
    margin of the same color, or fades into it like a gradient."""
    least = max(1, round(_FEWEST_MISSING * len(pixels)))
    if not _is_one_color(pixels[-1]) or not _is_one_color(pixels[-least:].reshape(-1, 3)):
        return 0.0
    same = _like(pixels, pixels[-1, 0])
    full = cv2.reduce(same, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()[::-1] > 255 * _FULL_ROW
    rows = int(full.argmin()) if not full.all() else 0
    rest = same[: len(same) - rows]
    edge = np.concatenate([rest[:, 0], rest[:, -1], rest[0]])
    share = rows / len(same)
    if share < _FEWEST_MISSING or edge.mean() >= 255 * _OF_THE_EDGE:
        return 0.0
    above = pixels[max(0, len(same) - rows - _ABOVE)].astype(int)
    return share if np.abs(above - pixels[-1, 0]).mean() >= _ABRUPT else 0.0


def _lines_lost(pixels: Pixels) -> float:
    """Share, 0 to 1, of rows in bands of one color that begin and end abruptly inside the picture.
    Bands whose color is frequent elsewhere do not count: on a page it is the color of the paper."""
    sides = pixels[:, 0].astype(np.int16) - pixels[:, -1]
    # A fast test that excludes most rows.
    alike = np.asarray(np.abs(sides).max(axis=1) <= 2 * _SAME)
    least = max(_FEWEST_LINES_PX, round(_FEWEST_LINES * len(pixels)))
    lost = 0
    for first, behind in runs(alike):
        if behind - first >= least:
            lost += _lost_between(pixels, first, behind, least)
    return lost / len(pixels)


def _lost_between(pixels: Pixels, first: int, behind: int, least: int) -> int:
    """How many of the rows from `first` to before `behind` are in lost bands of one color."""
    few = pixels[first:behind, ::_FAST_PX]
    if longest_run(_plain(few)) < least:
        return 0
    low = pixels[first:behind].min(axis=1)
    plain = _plain(pixels[first:behind])
    cuts = np.flatnonzero(np.abs(np.diff(low.astype(np.int16), axis=0)).max(axis=1) > _SAME)
    lost = 0
    for start, end in pairwise([0, *(cuts + 1).tolist(), len(plain)]):
        rows = slice(first + start, first + end)
        if end - start >= least and plain[start:end].all() and _is_lost(pixels, rows):
            lost += end - start
    return lost


def _plain(pixels: Pixels) -> NDArray[np.bool_]:
    """Which rows of `pixels` have one color."""
    return np.asarray((pixels.max(axis=1) - pixels.min(axis=1)).max(axis=1) <= 2 * _SAME)


def _is_lost(pixels: Pixels, rows: slice) -> bool:
    before, behind = rows.start - 1, rows.stop
    if before < 0 or behind >= len(pixels):
        return False
    color = pixels[rows.start, 0]
    beside = np.stack([pixels[before], pixels[behind]]).astype(int)
    if np.abs(beside - color).mean(axis=(1, 2)).min() < _ABRUPT:
        return False
    every = _like(np.ascontiguousarray(pixels), color)
    rest = np.concatenate([every[: rows.start], every[rows.stop :]])
    edge = np.concatenate([rest[:, 0], rest[:, -1], rest[0], rest[-1]])
    margin = edge.mean() >= 255 * _OF_THE_EDGE
    return not margin and cv2.countNonZero(rest) <= _ELSEWHERE * every.size


def _is_filling(color: Pixels) -> bool:
    """Whether `color` is the gray that decoders fill in after the end of a truncated file."""
    return bool(np.abs(color.astype(int) - _FILLING).max() <= _SAME)


def _is_one_color(pixels: Pixels) -> bool:
    return bool((pixels.max(axis=0) - pixels.min(axis=0)).max() <= 2 * _SAME)


def _like(pixels: Pixels, color: Pixels) -> Gray:
    """255 where `pixels` differ from `color` by at most `_SAME` levels, else 0."""
    least, most = color.astype(int) - _SAME, color.astype(int) + _SAME
    return np.asarray(cv2.inRange(pixels, least.clip(0, 255), most.clip(0, 255)))

"""Detects pages: pictures with large white areas that are not over-exposed, such as slides.

Over-exposure clips one channel of a colored area before the others. Paper and screens are white in
all channels at once. Without colors the two cannot be distinguished, so a gray picture is usually
no page here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.metrics.gray import Gray
    from engines.types import Pixels

_WHITE, _COLORED_LEVELS = 253, 24
_SAMPLED = 8  # every so many rows and columns are read first, to exclude most pictures quickly
_LEAST_WHITE, _MOST_WHITE, _ALL_WHITE = 0.15, 0.7, 0.95
_NEARLY_WHITE, _IN_AREAS = 250, 0.72  # screens .8 and more, overexposed photographs up to .6
_OF_PAPER = 0.02  # of the white: the same, where the picture may be gray
_MOST_PARTLY = 0.05  # of the white, where only some channels are at their end; photographs .1
_LEAST_COLORED = 0.005


class Page(NamedTuple):
    """Whether an image is a page, and where the page shows something."""

    on_paper: bool = False
    """Whether much of the picture is white, and white in all channels at once."""
    in_areas: bool = False
    """Whether its parts that are not white are areas of one color, as bars and boxes of a screen
    are."""
    shown: Gray | None = None
    """255 where a page shows something, 0 where it is white; None if the picture is no page."""


def page(pixels: Pixels) -> Page:
    """Whether RGB `pixels`, uint8 (height, width, 3), are a page, and its content."""
    red, green, blue = cv2.split(np.ascontiguousarray(pixels[::_SAMPLED, ::_SAMPLED]))
    least, most = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    white = float((least >= _WHITE).mean())
    if not _LEAST_WHITE <= white <= _ALL_WHITE:
        return Page()
    both_ways = pixels, pixels.transpose(1, 0, 2)
    partly = sum(map(_partly_white, both_ways)) / len(both_ways)
    colored = float((most - least > _COLORED_LEVELS).mean())
    paper = partly <= _OF_PAPER * white
    areas = paper and sum(map(_same_beside, both_ways)) / len(both_ways) > _IN_AREAS
    if white > _MOST_WHITE or partly > _MOST_PARTLY * white or colored < _LEAST_COLORED:
        return Page(paper, areas)
    blank = cv2.inRange(pixels, (_WHITE,) * 3, (255,) * 3)
    return Page(paper, areas, np.asarray(cv2.bitwise_not(blank)))


def _partly_white(pixels: Pixels) -> float:
    """Share of pixels, 0 to 1, where only some channels are at their maximum and the next pixel has
    another color. Areas of one light color do not count, because they are not over-exposed."""
    rows = np.ascontiguousarray(pixels[::_SAMPLED])
    red, green, blue = cv2.split(rows)
    least, most = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    partly = (np.asarray(most) >= _WHITE) & (np.asarray(least) < _WHITE)
    varied = (rows[:, 1:] != rows[:, :-1]).any(axis=2)
    return float(np.count_nonzero(partly[:, 1:] & varied)) / max(1, varied.size)


def _same_beside(pixels: Pixels) -> float:
    """Share of the pixels that are not nearly white and whose next pixel has the same color, among
    all pixels that are not nearly white; 0 to 1. 0 for a picture of one column."""
    if pixels.shape[1] < 2:
        return 0.0
    rows = np.ascontiguousarray(pixels[::_SAMPLED])
    shown = cv2.bitwise_not(cv2.inRange(rows, (_NEARLY_WHITE,) * 3, (255,) * 3))
    both = cv2.bitwise_and(shown[:, 1:], shown[:, :-1])
    apart = cv2.absdiff(rows[:, 1:], rows[:, :-1])
    same = cv2.inRange(apart, (0, 0, 0), (0, 0, 0))
    return cv2.countNonZero(cv2.bitwise_and(same, both)) / max(1, cv2.countNonZero(both))

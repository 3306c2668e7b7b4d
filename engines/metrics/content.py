"""Finds the content of a picture without a plain background, and whether the picture is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.page import page

if TYPE_CHECKING:
    from engines.metrics.defects.defects import Defects
    from engines.metrics.gray import Gray
    from engines.types import Pixels

_RING = 0.02  # width of the margin that is examined, as a share of a side
_LIKE = 8  # a margin pixel within so many levels of the background color counts as background
_EVERY = 7  # every so many pixels of the margin are read to find the background color
_PLAIN = 0.85  # smallest share of the margin that has the background color
_DIFFERENT = 14  # a pixel that differs by so many levels from the background is content
_MARGIN = 0.04  # margin that is kept around the content, as a share of its size
_SMALLEST_PX = 48
_FEWEST = 0.0003  # smallest share of the picture that counts as content on a background
_LARGEST = 0.75  # the picture is cropped to its content only if that is at most this share
_CLIPPED, _BLOWN = 253, 0.3
_NEUTRAL_LEVELS = 12
_DRAWN_TRANSITIONS, _DRAWN_PALETTE, _OF_A_PAGE = 0.5, 24, 0.03
_WRITTEN_TRANSITIONS, _WRITTEN_STEP, _STEP_ON_SCREENS = 0.3, 85.0, 40.0
_EDGES, _SOFT_EDGES = 9.0, 4.0
_GRIDDED, _WEAKLY_GRIDDED = 0.6, 0.4
_SQUARES, _OF_A_DRAWING, _OF_A_PHOTOGRAPH, _ALL_LEVELS = 0.17, 0.45, 0.8, 0.8
_COMING_BACK, _HARD_STEP = 0.2, 80.0


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """The part of a picture that is judged."""

    pixels: Pixels
    """RGB uint8 (height, width, 3): cropped to the content if that is small, else the whole
    picture."""
    shown: Gray | None = None
    """uint8 (height, width): 255 for content, 0 for background. None without a background."""
    on_plain: bool = False
    """Whether the background was found by a margin of one color. False: none, or a white page."""
    on_neutral: bool = False
    """Whether the background is white, gray or black, so that the picture has no color cast."""
    on_paper: bool = False
    """Whether much of it is white in all channels at once, as paper is. Over-exposed photographs
    have areas in which only some channels are at their maximum."""
    in_areas: bool = False
    """Whether the parts that are not white are areas of one color."""


def content(pixels: Pixels) -> Content:
    """The content of RGB `pixels`, uint8 (height, width, 3), without a plain background.

    It is the whole picture if the margin has several colors, if there is nothing on the background,
    or if the content is over-exposed, because the background is then over-exposed too.
    """
    background = _background(pixels)
    if background is None:
        white = page(pixels)
        return Content(pixels, white.shown, on_paper=white.on_paper, in_areas=white.in_areas)
    shown = np.asarray(cv2.bitwise_not(_near(pixels, background, _DIFFERENT)))
    if cv2.countNonZero(shown) < _FEWEST * shown.size or _blown(pixels, shown):
        return Content(pixels)
    top, bottom, left, right = _box(shown)
    whole = (bottom - top) * (right - left) > _LARGEST * shown.size
    if whole or min(bottom - top, right - left) < _SMALLEST_PX:
        return Content(pixels, shown, True, _neutral(background))
    cut = slice(top, bottom), slice(left, right)
    part = np.ascontiguousarray(pixels[cut]), np.ascontiguousarray(shown[cut])
    return Content(*part, True, _neutral(background))


def clipped_share(pixels: Pixels, shown: Gray | None) -> float:
    """Share of the content, 0 to 1, in which two or three channels are near their maximum. Reads
    every fourth row. `pixels`: RGB uint8 (height, width, 3). `shown`: not 0 for content; None: all
    is content."""
    pixels, shown = pixels[::4], None if shown is None else shown[::4]
    channels = (
        cv2.threshold(each, _CLIPPED - 1, 1, cv2.THRESH_BINARY)[1] for each in cv2.split(pixels)
    )
    red, green, blue = channels
    several = cv2.threshold(cv2.add(cv2.add(red, green), blue), 1, 255, cv2.THRESH_BINARY)[1]
    if shown is None:
        return cv2.countNonZero(several) / several.size
    return cv2.countNonZero(cv2.bitwise_and(several, shown)) / max(1, cv2.countNonZero(shown))


def is_drawn(found: Defects, shown: Content) -> bool:
    """Whether the picture is a drawing, a slide or a graphic: few colors in plain areas with edges
    between them, or vector art, which may have many colors.

    Enlarged pixels count as drawn (pixel art) if colors repeat, and as a photograph if they do not.
    """
    if is_pixel_art(found):
        return True
    if found.grid > _GRIDDED:
        return False
    if found.vector and found.grid < _WEAKLY_GRIDDED:
        return True
    few = found.transitions < _DRAWN_TRANSITIONS and found.palette <= _DRAWN_PALETTE
    edged = found.step > (_SOFT_EDGES if shown.on_plain else _EDGES)
    sparse = found.transitions < _OF_A_PAGE and found.clipped < 2 * _BLOWN
    return few and edged and (sparse or found.clipped < _BLOWN or _is_written(found, shown))


def _is_written(found: Defects, shown: Content) -> bool:
    """Whether the picture shows ink on paper, even a little, or a screen."""
    least = _STEP_ON_SCREENS if shown.in_areas else _WRITTEN_STEP
    return shown.on_paper and found.transitions < _WRITTEN_TRANSITIONS and found.step > least


def is_pixel_art(found: Defects) -> bool:
    """Whether the picture consists of squares of one color each, with few colors in total."""
    few = found.transitions < _OF_A_PAGE and found.palette <= _DRAWN_PALETTE // 2
    squares = found.grid > (_GRIDDED if not few else _WEAKLY_GRIDDED)
    back = found.distinct < _COMING_BACK and found.palette <= _DRAWN_PALETTE
    apart = found.transitions < _SQUARES and (few or back or found.step > 2 * _EDGES)
    alike = found.distinct < (_OF_A_DRAWING if few else _OF_A_PHOTOGRAPH)
    levels = found.levels < _ALL_LEVELS or found.step > _HARD_STEP
    return squares and apart and alike and levels


def _background(pixels: Pixels) -> Pixels | None:
    """The color of the margin, uint8 (3,). None if the margin has several colors."""
    height, width = pixels.shape[:2]
    down, across = max(1, round(height * _RING)), max(1, round(width * _RING))
    sides = (pixels[:down], pixels[-down:], pixels[:, :across], pixels[:, -across:])
    ring = np.concatenate([side.reshape(-1, 3) for side in sides])
    color = np.median(ring[::_EVERY], axis=0).astype(np.uint8)
    alike = cv2.countNonZero(_near(ring[None], color, _LIKE))
    return color if alike >= _PLAIN * len(ring) else None


def _near(pixels: Pixels, color: Pixels, levels: int) -> Gray:
    """255 where every channel differs from `color` by at most `levels`, else 0."""
    least, most = color.astype(int) - levels, color.astype(int) + levels
    return np.asarray(cv2.inRange(pixels, least.clip(0, 255), most.clip(0, 255)))


def _blown(pixels: Pixels, shown: Gray) -> bool:
    """Whether a large share (`_BLOWN`) of the content is near the maximum of its channels."""
    return clipped_share(pixels, shown) > _BLOWN


def _neutral(color: Pixels) -> bool:
    return int(color.max()) - int(color.min()) <= _NEUTRAL_LEVELS


def _box(shown: Gray) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the content with a margin, pixels."""
    left, top, width, height = cv2.boundingRect(shown)
    down, across = round(height * _MARGIN), round(width * _MARGIN)
    return (
        max(0, top - down),
        min(shown.shape[0], top + height + down),
        max(0, left - across),
        min(shown.shape[1], left + width + across),
    )

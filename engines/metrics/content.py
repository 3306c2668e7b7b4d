"""What a picture is about: without a plain background round it, and whether it is drawn."""

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

_RING = 0.02  # width of the margin looked at, share of a side
_LIKE = 8  # levels within which a pixel is background
_EVERY = 7  # pixel of the margin, for its color
_PLAIN = 0.85  # share of the margin that is of one color, where there is a background
_DIFFERENT = 14  # levels from which a pixel is no background
_MARGIN = 0.04  # left round the content, share of its size
_SMALLEST_PX = 48
_FEWEST = 0.0003  # share of the picture that must stand on a background
_LARGEST = 0.75  # share of the picture up to which a part of it is its content
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
    """RGB; cut out where the content is small, else the whole picture."""
    shown: Gray | None = None
    """255 where `pixels` are no background; None where there is none."""
    on_plain: bool = False
    """The background is plain to the margin; else it is the white of a page."""
    on_neutral: bool = False
    """The background is white, gray or black: what stands on it has no cast."""
    on_paper: bool = False
    """Much of it is white in all channels at once, as paper is and no overexposed photograph."""
    in_areas: bool = False
    """What is not white there lies in areas of one color."""


def content(pixels: Pixels) -> Content:
    """What stands on a plain background, or all of RGB `pixels` where the margin is not plain,
    nothing is in it, or what is in it is blown out, as the whole then is."""
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
    """Share of the content, 0..1, in which two channels or more are at their upper end; by every
    fourth row."""
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
    """Few colors in plain areas with edges between them: a drawing, a slide, a graphic. Enlarged
    pixels are a drawing (pixel art) where colors come back, a photograph where each is another.
    Vector art may have all colors. What stands on a plain background is no haze."""
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
    """Ink on paper, a little of it, or a screen."""
    least = _STEP_ON_SCREENS if shown.in_areas else _WRITTEN_STEP
    return shown.on_paper and found.transitions < _WRITTEN_TRANSITIONS and found.step > least


def is_pixel_art(found: Defects) -> bool:
    """Squares of one color each, out of few colors."""
    few = found.transitions < _OF_A_PAGE and found.palette <= _DRAWN_PALETTE // 2
    squares = found.grid > (_GRIDDED if not few else _WEAKLY_GRIDDED)
    back = found.distinct < _COMING_BACK and found.palette <= _DRAWN_PALETTE
    apart = found.transitions < _SQUARES and (few or back or found.step > 2 * _EDGES)
    alike = found.distinct < (_OF_A_DRAWING if few else _OF_A_PHOTOGRAPH)
    levels = found.levels < _ALL_LEVELS or found.step > _HARD_STEP
    return squares and apart and alike and levels


def _background(pixels: Pixels) -> Pixels | None:
    """Color of the margin; None where it has several."""
    height, width = pixels.shape[:2]
    down, across = max(1, round(height * _RING)), max(1, round(width * _RING))
    sides = (pixels[:down], pixels[-down:], pixels[:, :across], pixels[:, -across:])
    ring = np.concatenate([side.reshape(-1, 3) for side in sides])
    color = np.median(ring[::_EVERY], axis=0).astype(np.uint8)
    alike = cv2.countNonZero(_near(ring[None], color, _LIKE))
    return color if alike >= _PLAIN * len(ring) else None


def _near(pixels: Pixels, color: Pixels, levels: int) -> Gray:
    """255 where every channel is within so many levels of `color`."""
    least, most = color.astype(int) - levels, color.astype(int) + levels
    return np.asarray(cv2.inRange(pixels, least.clip(0, 255), most.clip(0, 255)))


def _blown(pixels: Pixels, shown: Gray) -> bool:
    """Most of what is shown lies at the end of a channel."""
    return clipped_share(pixels, shown) > _BLOWN


def _neutral(color: Pixels) -> bool:
    return int(color.max()) - int(color.min()) <= _NEUTRAL_LEVELS


def _box(shown: Gray) -> tuple[int, int, int, int]:
    """Top, bottom, left, right, with a margin."""
    left, top, width, height = cv2.boundingRect(shown)
    down, across = round(height * _MARGIN), round(width * _MARGIN)
    return (
        max(0, top - down),
        min(shown.shape[0], top + height + down),
        max(0, left - across),
        min(shown.shape[1], left + width + across),
    )

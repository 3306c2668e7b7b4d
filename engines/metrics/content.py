"""What a picture is about: without a plain background round it, and whether it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.metrics.defects import Defects
    from engines.types import Pixels

_RING = 0.02  # width of the margin looked at, share of a side
_LIKE = 8  # levels within which a pixel is background
_PLAIN = 0.85  # share of the margin that is of one color, where there is a background
_DIFFERENT = 14  # levels from which a pixel is no background
_MARGIN = 0.04  # left round the content, share of its size
_SMALLEST_PX = 48
_LARGEST = 0.75  # share of the picture up to which a part of it is its content
_DRAWN_TRANSITIONS, _DRAWN_PALETTE = 0.5, 24


def content(pixels: Pixels) -> Pixels:
    """The part that stands on a plain background: a view of RGB `pixels`, all of them where the
    margin is not plain or nothing is in it."""
    background = _background(pixels)
    if background is None:
        return pixels
    apart = cv2.absdiff(pixels, np.full_like(pixels, background)).max(axis=2) > _DIFFERENT
    rows, columns = np.flatnonzero(apart.any(axis=1)), np.flatnonzero(apart.any(axis=0))
    if rows.size < _SMALLEST_PX or columns.size < _SMALLEST_PX:
        return pixels
    top, bottom = _with_margin(rows[0], rows[-1], pixels.shape[0])
    left, right = _with_margin(columns[0], columns[-1], pixels.shape[1])
    if (bottom - top) * (right - left) > _LARGEST * pixels.shape[0] * pixels.shape[1]:
        return pixels
    return pixels[top:bottom, left:right]


def is_drawn(found: Defects) -> bool:
    """Few colors in plain areas: a drawing, a slide, a graphic."""
    return found.transitions < _DRAWN_TRANSITIONS and found.palette <= _DRAWN_PALETTE


def _background(pixels: Pixels) -> Pixels | None:
    """Color of the margin; None where it has several."""
    height, width = pixels.shape[:2]
    down, across = max(1, round(height * _RING)), max(1, round(width * _RING))
    sides = (pixels[:down], pixels[-down:], pixels[:, :across], pixels[:, -across:])
    ring = np.concatenate([side.reshape(-1, 3) for side in sides])
    color = np.median(ring, axis=0).astype(np.uint8)
    alike = (np.abs(ring.astype(np.int16) - color) <= _LIKE).all(axis=1).mean()
    return color if alike >= _PLAIN else None


def _with_margin(first: int, last: int, size: int) -> tuple[int, int]:
    margin = round((last - first) * _MARGIN)
    return max(0, int(first) - margin), min(size, int(last) + 1 + margin)

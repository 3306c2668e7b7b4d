"""Covers regions of an image so that their content cannot be recognized: blur, pixelate, box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.privacy.model import Box
    from engines.types import Pixels

CoverMethod = Literal["blur", "pixelate", "box"]
COVER_METHODS: tuple[str, ...] = get_args(CoverMethod)
"""Names of the methods."""
_BLOCKS_ACROSS = 5
"""With strength n, the shorter side of a region has 5 - n blocks, but at least one."""


def covered(pixels: Pixels, boxes: Sequence[Box], method: str, strength: int) -> Pixels:
    """A copy of RGB `pixels`, uint8 (height, width, 3), in which every box is covered. Parts of a
    box outside the image are ignored.

    `method`: "blur" and "pixelate" reduce a region to a few blocks, so that its content cannot be
    restored; "box" fills it with its mean color. `strength` is 1, 2, ...; with a higher one, the
    blocks are fewer and their contrast is lower.
    """
    result = pixels.copy()
    for x, y, width, height in boxes:
        region = result[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
        if region.size:
            region[:] = _cover(region, method, strength)
    return result


def widened(box: Box, margin: float, width: int, height: int) -> Box:
    """`box` enlarged on every side by `margin` (a share of its size) and one pixel, but not beyond
    the image of `width` by `height` px."""
    extra_x, extra_y = round(box[2] * margin) + 1, round(box[3] * margin) + 1
    left, top = max(0, box[0] - extra_x), max(0, box[1] - extra_y)
    right = min(width, box[0] + box[2] + extra_x)
    bottom = min(height, box[1] + box[3] + extra_y)
    return (left, top, max(0, right - left), max(0, bottom - top))


def _cover(region: Pixels, method: str, strength: int) -> Pixels:
    mean = region.reshape(-1, 3).mean(axis=0)
    if method == "box":
        return np.broadcast_to(np.round(mean), region.shape).astype(np.uint8)
    height, width = region.shape[:2]
    blocks = max(1, _BLOCKS_ACROSS - strength)
    shorter = min(height, width)
    size = (max(1, round(width / shorter * blocks)), max(1, round(height / shorter * blocks)))
    few = cv2.resize(region, size, interpolation=cv2.INTER_AREA)
    # Text can be read even at low contrast, so each round lowers the contrast too.
    faded = (mean + (few.astype(np.float32) - mean) / strength).clip(0, 255).astype(np.uint8)
    method_of_growth = cv2.INTER_NEAREST if method == "pixelate" else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(faded, (width, height), interpolation=method_of_growth))

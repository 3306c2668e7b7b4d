"""Long pictures, such as a screenshot of a whole chat or a banner, as a text reader can see them.

Scaled to the side that a reader takes, they would be a few pixels wide and their letters lost; and
a detector that scales the short side up again would need gigabytes for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.privacy.model import Box, TextRegion
    from engines.types import Pixels

LONG_ASPECT = 3.0
"""Long side by short side, beyond which a picture is looked at in parts too."""
_MOST_PARTS = 8
_TALL_PART, _TALL_OVERLAP = 3.0, 0.5
_WIDE_PART, _WIDE_OVERLAP = 4.0, 2.0
"""How long a part is, and what two parts have in common, in short sides: a line of usual letters
fits into it, which run along a wide picture and across a tall one."""
_MOST_SLENDER, _PADDED_ASPECT = 8, 4
_SAME_LINE = 0.5
"""Common area by the smaller one's, from which two regions are one line."""


def parts_of(height: int, width: int) -> list[Box]:
    """Boxes (x, y, width, height) in pixels that cover a long picture with overlaps, at most
    `_MOST_PARTS` of them; none for a picture that is not long."""
    long, short = max(height, width), min(height, width)
    if long <= LONG_ASPECT * short:
        return []
    tall = height > width
    part, overlap = (_TALL_PART, _TALL_OVERLAP) if tall else (_WIDE_PART, _WIDE_OVERLAP)
    fitting = math.ceil((long / short - overlap) / (part - overlap))
    count = min(max(fitting, 2), _MOST_PARTS)
    length = min(long, round((long + (count - 1) * overlap * short) / count))
    starts = [round(index * (long - length) / (count - 1)) for index in range(count)]
    if tall:
        return [(0, start, width, length) for start in starts]
    return [(start, 0, length, height) for start in starts]


def with_margins(pixels: Pixels) -> tuple[Pixels, tuple[int, int]]:
    """A slender picture (height, width, 3) with black margins at both long sides, so that a
    detector that scales the short side up stays within bounds; and the left and the upper margin,
    pixels."""
    height, width = pixels.shape[:2]
    if max(height, width) <= _MOST_SLENDER * min(height, width):
        return pixels, (0, 0)
    x = max(0, height // _PADDED_ASPECT - width) // 2
    y = max(0, width // _PADDED_ASPECT - height) // 2
    bordered = cv2.copyMakeBorder(pixels, y, y, x, x, cv2.BORDER_CONSTANT)
    return np.asarray(bordered, dtype=np.uint8), (x, y)


def without_doubles(regions: Sequence[TextRegion]) -> tuple[TextRegion, ...]:
    """Of regions that lie on each other, the one that was read best, from top to bottom."""
    kept: list[TextRegion] = []
    for region in sorted(regions, key=_worth, reverse=True):
        if not any(_on_each_other(region.box, other.box) for other in kept):
            kept.append(region)
    return tuple(sorted(kept, key=lambda region: (region.box[1], region.box[0])))


def _worth(region: TextRegion) -> float:
    return len(region.text) * region.confidence**4


def _on_each_other(one: Box, other: Box) -> bool:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return width > 0 and height > 0 and width * height > _SAME_LINE * smaller

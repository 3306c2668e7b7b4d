"""Prepares very long images, such as a screenshot of a chat or a banner, for a text reader.

Scaled down to the reader's largest side, such an image would be a few pixels wide, and its text
could not be read. And a detector that scales up the short side would need gigabytes of memory.
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
"""Ratio of long to short side above which an image is also read in parts."""
_MOST_PARTS = 8
_TALL_PART, _TALL_OVERLAP = 3.0, 0.5
_WIDE_PART, _WIDE_OVERLAP = 4.0, 2.0
"""Length of a part and of the overlap of two parts, in multiples of the short side. A usual line of
text fits into the overlap. In a wide image, lines run along the long side, so it is larger."""
_MOST_SLENDER = 4
"""An image with a larger ratio of sides gets margins, up to this ratio."""
_SAME_LINE = 0.5
"""Share of the smaller area above which two overlapping regions are the same line."""


def parts_of(height: int, width: int) -> list[Box]:
    """At most 8 boxes (x, y, width, height) in pixels, which overlap and cover a long image of
    `height` by `width` px. Empty for an image that is not long."""
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
    """The image (height, width, 3) with black margins at its long sides if it is very slender, so
    that a detector that scales up the short side does not need too much memory; and the left and
    the upper margin in pixels."""
    height, width = pixels.shape[:2]
    if max(height, width) <= _MOST_SLENDER * min(height, width):
        return pixels, (0, 0)
    x = max(0, height // _MOST_SLENDER - width) // 2
    y = max(0, width // _MOST_SLENDER - height) // 2
    bordered = cv2.copyMakeBorder(pixels, y, y, x, x, cv2.BORDER_CONSTANT)
    return np.asarray(bordered, dtype=np.uint8), (x, y)


def without_doubles(regions: Sequence[TextRegion]) -> tuple[TextRegion, ...]:
    """The regions from top to bottom. Of regions that overlap, only the one that was read best is
    kept. A region that was left out is kept unless most of it was read elsewhere."""
    kept: list[TextRegion] = []
    for region in sorted(regions, key=_worth, reverse=True):
        if not any(_doubles(region, other) for other in kept):
            kept.append(region)
    return tuple(sorted(kept, key=lambda region: (region.box[1], region.box[0])))


def _worth(region: TextRegion) -> float:
    return len(region.text) * region.confidence**4


def _doubles(region: TextRegion, better: TextRegion) -> bool:
    one, other = region.box, better.box
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    area, other_area = one[2] * one[3], other[2] * other[3]
    least = area if region.is_left_out else min(area, other_area)
    return width > 0 and height > 0 and width * height > _SAME_LINE * least

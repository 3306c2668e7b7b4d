"""Pages: pictures with large white areas that are meant, as slides and web pages have.

Over-exposure clips one channel of a colored place before the others; paper and screens are white in
all channels at once. A picture without color cannot be told apart by that and is no page here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.metrics.gray import Gray
    from engines.types import Pixels

_WHITE, _COLORED_LEVELS = 253, 24
_SAMPLED = 8  # every so many rows and columns tell whether a closer look is worth it
_LEAST_WHITE, _MOST_WHITE = 0.15, 0.7
_MOST_PARTLY = 0.05  # of the white, where only some channels are at their end; photographs .1
_LEAST_COLORED = 0.005


def printed(pixels: Pixels) -> Gray | None:
    """255 where RGB `pixels` show something, 0 where the page is white; None if it is no page."""
    red, green, blue = cv2.split(np.ascontiguousarray(pixels[::_SAMPLED, ::_SAMPLED]))
    least, most = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    white = float((least >= _WHITE).mean())
    if not _LEAST_WHITE <= white <= _MOST_WHITE:
        return None
    partly = float((most >= _WHITE).mean()) - white
    colored = float((most - least > _COLORED_LEVELS).mean())
    if partly > _MOST_PARTLY * white or colored < _LEAST_COLORED:
        return None
    return np.asarray(cv2.bitwise_not(cv2.inRange(pixels, (_WHITE,) * 3, (255,) * 3)))

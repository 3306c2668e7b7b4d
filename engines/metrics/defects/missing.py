"""Missing parts: one color from side to side to the end, as decoders leave a file cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.metrics.gray import Gray
    from engines.types import Pixels

_ABRUPT, _ABOVE = 10, 3  # mean levels between a missing part and the rows so far above it
_SAME = 3  # levels within which a missing part is of one color
_FILLING = 128
_FULL_ROW, _FEWEST_MISSING, _OF_THE_EDGE = 0.995, 0.04, 0.3


def missing(pixels: Pixels) -> float:
    """Share, 0..1, of rows of one color at the picture's end, where the rest has no margin of that
    color and does not fade into it, as a gradient does."""
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


def is_filling(color: Pixels) -> bool:
    """The gray that decoders leave where a file ends; a drawing may end in any other color."""
    return bool(np.abs(color.astype(int) - _FILLING).max() <= _SAME)


def _is_one_color(pixels: Pixels) -> bool:
    return bool((pixels.max(axis=0) - pixels.min(axis=0)).max() <= 2 * _SAME)


def _like(pixels: Pixels, color: Pixels) -> Gray:
    """255 where `pixels` are within some levels of `color`."""
    least, most = color.astype(int) - _SAME, color.astype(int) + _SAME
    return np.asarray(cv2.inRange(pixels, least.clip(0, 255), most.clip(0, 255)))

"""Color casts: a tint of the whole picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.metrics.tiles import quantiles

if TYPE_CHECKING:
    from engines.metrics.gray import Gray
    from engines.types import Pixels

_SEEN_PX = 64
_CUTS = 0.01, 0.99, 0.995
_ROUNDING = 4.0
_DARKEST, _LIGHTEST = 25, 245
_MOST_NEUTRAL = 0.05
_EVERY_ROW = 8
_FEWEST = 64


class Cast(NamedTuple):
    """Two measures of a color cast, both 0 for gray pictures. A sunset has a high value of one of
    them, a wrong white balance of both."""

    channels: float = 0.0
    """Natural logarithm of the ratio of the brightest to the darkest channel's highlights.
    Photographs have up to 0.4; a picture whose blue channel was divided by 5 has 1.6."""
    neutral: float = 0.0
    """CIELAB chroma of the most neutral 5 % of the picture. Photographs have up to 22."""
    span: float = 0.0
    """Largest P99 - P1 of a channel, 0 to 1. It shows contrast between colors that are equally
    light, which luma does not."""


def cast(pixels: Pixels, shown: Gray | None = None) -> Cast:
    """Measure RGB `pixels`, uint8 (height, width, 3), where `shown` is not 0."""
    channels, span = _channels(pixels, shown)
    small = cv2.resize(_halved(pixels), (_SEEN_PX, _SEEN_PX), interpolation=cv2.INTER_AREA)
    light, a, b = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2LAB))
    usable = np.asarray((light > _DARKEST) & (light < _LIGHTEST))
    if shown is not None:
        part = cv2.resize(shown, (_SEEN_PX, _SEEN_PX), interpolation=cv2.INTER_AREA)
        usable &= part > 200
    if np.count_nonzero(usable) < _FEWEST:
        return Cast(span=span)
    chroma = cv2.magnitude(a.astype(np.float32) - 128, b.astype(np.float32) - 128)[usable]
    return Cast(channels, float(quantiles(chroma, (_MOST_NEUTRAL,))[0]), span)


def _halved(pixels: Pixels) -> Pixels:
    """The picture halved as often as possible while its sides stay large enough. Halving is faster
    than other scaling."""
    while min(pixels.shape[:2]) >= 4 * _SEEN_PX:
        height, width = (side // 2 for side in pixels.shape[:2])
        even = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    return pixels


def _channels(pixels: Pixels, shown: Gray | None) -> tuple[float, float]:
    """`Cast.channels` and `Cast.span`."""
    tops, spans, part = [], [], None if shown is None else shown[::_EVERY_ROW]
    for plane in cv2.split(pixels[::_EVERY_ROW]):
        counts = cv2.calcHist([plane], [0], part, [256], [0, 256]).ravel()
        below = counts.cumsum()
        low, high, top = np.searchsorted(below, np.array(_CUTS) * below[-1]).clip(max=255)
        tops.append(top + _ROUNDING)
        spans.append((high - low) / 255)
    return float(np.log(max(tops) / min(tops))), float(max(spans))

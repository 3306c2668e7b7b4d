"""Casts: a color that lies over everything."""

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
    """Both 0 for gray pictures; a sunset has much of one, a wrong light much of both."""

    channels: float = 0.0
    """Natural logarithm of the brightest over the least bright channel's highlights: white that
    is not white. Photographs up to 0.4, blue light cut to a fifth 1.6."""
    neutral: float = 0.0
    """Chroma (CIELAB) that even the most neutral twentieth of the picture has; photographs up
    to 22."""
    span: float = 0.0
    """Greatest P99 - P1 of a channel, 0..1: two colors may be equally light."""


def cast(pixels: Pixels, shown: Gray | None = None) -> Cast:
    """Of RGB `pixels`, where `shown` is not 0."""
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
    """By whole halvings, which are fast, as far as possible."""
    while min(pixels.shape[:2]) >= 4 * _SEEN_PX:
        height, width = (side // 2 for side in pixels.shape[:2])
        even = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    return pixels


def _channels(pixels: Pixels, shown: Gray | None) -> tuple[float, float]:
    """See `Cast`: `channels` and `span`."""
    tops, spans, part = [], [], None if shown is None else shown[::_EVERY_ROW]
    for plane in cv2.split(pixels[::_EVERY_ROW]):
        counts = cv2.calcHist([plane], [0], part, [256], [0, 256]).ravel()
        below = counts.cumsum()
        low, high, top = np.searchsorted(below, np.array(_CUTS) * below[-1]).clip(max=255)
        tops.append(top + _ROUNDING)
        spans.append((high - low) / 255)
    return float(np.log(max(tops) / min(tops))), float(max(spans))

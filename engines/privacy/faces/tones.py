"""Spreads the tones of dark and faded pictures, in which a detector misses faces that a photo
editor would show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.types import Pixels

_ENDS = 0.002
"""Share of the pixels that may become black, and that may become white."""
_NARROW = 128
"""A picture whose luma spans fewer levels (0..255) has little contrast."""
_DARK = 64
"""A picture with a lower mean luma (0..255) is dark."""
_MEAN = 0.4
"""Mean luma (0..1) to which a dark picture is brightened."""
_STRONGEST = 0.35
"""Smallest exponent by which a picture is brightened."""
_LEAST_SPAN = 4
"""At least so many levels are spread over the whole range."""


def spread_tones(pixels: Pixels) -> Pixels | None:
    """The picture with its luma spread over the whole range, and brightened if it is dark; None if
    it is neither dark nor of little contrast, or of one level. `pixels` and the result: RGB uint8
    (height, width, 3). All channels are changed alike."""
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    counts = np.bincount(luma.ravel(), minlength=256)
    shares = counts.cumsum() / counts.sum()
    low, high = (int(np.searchsorted(shares, share)) for share in (_ENDS, 1 - _ENDS))
    levels = np.arange(256)
    mean = float(levels @ counts / counts.sum())
    if np.count_nonzero(counts) == 1 or (high - low >= _NARROW and mean >= _DARK):
        return None
    full = np.clip((levels - low) / max(high - low, _LEAST_SPAN), 0, 1)
    bright = float(full @ counts / counts.sum())
    exponent = 1.0
    if 0 < bright < _MEAN:
        exponent = max(_STRONGEST, math.log(_MEAN) / math.log(bright))
    table = np.rint(255 * full**exponent).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table), np.uint8)

"""The colors of a picture: used levels of each channel, number of colors, color noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engines.metrics.gray import Gray
    from engines.types import Pixels

_LEVELS_RANGE = 24  # smallest range of a channel, levels, for which unused levels are counted
_OCCUPIED = 2e-5  # smallest share of the pixels for a level to count as used
_PALETTE_SHARE = 0.95
_MEDIAN_TO_SIGMA = 0.6745
_MASK_GAIN = 6.0  # root of the squares of Immerkaer's mask
_COMB = 7  # levels over which a histogram is smoothed


def level_share(channels: Sequence[Gray]) -> float:
    """Share of the levels within a channel's range that are used, 0 to 1: the median of the
    `channels`, uint8 (height, width) each."""
    return sorted(_used(plane) for plane in channels)[len(channels) // 2]


def _used(plane: Gray) -> float:
    counts = cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel()
    below = counts.cumsum()
    low, high = (int(below.searchsorted(share * plane.size)) for share in (0.01, 0.99))
    if high - low < _LEVELS_RANGE:
        return 1.0
    used = np.count_nonzero(counts[low : high + 1] > _OCCUPIED * plane.size)
    return used / len(counts[low : high + 1])


def palette_size(channels: Sequence[Gray]) -> int:
    """Number of colors, with 4 bits per channel, that cover 95 % of the pixels. Reads every second
    row and column of the three `channels`, uint8 (height, width) each."""
    red, green, blue = (plane[::2, ::2] >> 4 for plane in channels)
    index = (red.astype(np.uint16) << 8) | (green << 4) | blue
    counts = np.bincount(index.ravel())
    shares = np.sort(counts[counts > 0])[::-1].cumsum() / index.size
    return int(np.searchsorted(shares, _PALETTE_SHARE)) + 1


def packed(pixels: Pixels) -> NDArray[np.uint32]:
    """One integer per pixel that identifies its color, uint32 (height, width). `pixels`: RGB uint8
    (height, width, 3)."""
    four = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
    return np.ascontiguousarray(four).view(np.uint32)[..., 0]


def color_noise(pixels: Pixels) -> float:
    """Standard deviation of white noise in the chroma planes of RGB `pixels`, uint8 (height, width,
    3), in gray levels, at most 63: that of the plane with more noise. Estimated by the median of
    Immerkaer's mask (see `engines.metrics.noise`)."""
    _, *chroma = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    return max(_noise(plane) for plane in chroma)


def _noise(plane: Gray) -> float:
    bent = cv2.convertScaleAbs(cv2.Sobel(plane, cv2.CV_16S, 2, 2, ksize=3))
    counts = cv2.calcHist([bent], [0], None, [256], [0, 256]).ravel()
    median = int(np.searchsorted(counts.cumsum(), bent.size // 2 + 1))
    return median / (_MASK_GAIN * _MEDIAN_TO_SIGMA)


def combed(luma: Gray) -> float:
    """How much the histogram of `luma`, uint8, is a comb: the sum of differences between it and
    itself smoothed over 7 levels, 0 (smooth) to 2. Posterizing leaves peaks and gaps."""
    counts = cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel() / luma.size
    inner = counts[1:-1]  # clipping is another defect
    smooth = np.convolve(inner, np.full(_COMB, 1 / _COMB), "same")
    return float(np.abs(inner - smooth).sum() / max(inner.sum(), 1 / _COMB))

"""Noise: grain and specks (salt and pepper).

Immerkaer, "Fast Noise Variance Estimation", CVIU 64(2), 1996, applied to blocks. Texture would
raise the mean over the whole image, but not the values of the flattest blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from engines.metrics.tiles import quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.gray import Gray

_BLOCK_PX = 16
_FIXED_POINT = np.int16(8)  # block means of 16-bit integers, to an eighth; 8 * 16 * 255 < 2**15
_QUANTILE = 0.20
_QUANTILE_OF_PURE_NOISE = 0.926  # where the quantile lies for white noise alone, in its sigma
_DARKEST, _BRIGHTEST = 12.0, 243.0
_SPECK_STEP = 50
_BLACK, _WHITE = 6, 249
_FEW_SPECKS, _MANY_SPECKS = 2e-4, 0.05  # share of the picture, between which neighbors are counted
_MIDDLE, _ITSELF = 127, 1
_NIGHT, _STARS, _OF_ONE_KIND = 48.0, 0.01, 8


class Grain(NamedTuple):
    """Noise that is present in every pixel."""

    sigma: float
    """Standard deviation, gray levels 0..255."""
    share: float
    """Share of the picture that is neither black nor white, 0 to 1. Only this part has grain."""
    of_all: float = 0.0
    """`sigma`, with black and white blocks included: near 0 for drawings on paper."""


def grain(gray: Gray) -> Grain:
    """Measure the grain of luma, uint8 (height, width).

    It is the 20th percentile over blocks of 16 x 16 pixels, divided by that percentile for white
    noise of sigma 1. Black and white blocks are left out because clipping hides noise; if there are
    no others, they count. An image smaller than 16 pixels is one block.
    """
    # The second derivative both ways is Immerkaer's mask: (1, -2, 1) times (1, -2, 1).
    response = np.asarray(cv2.Sobel(gray, cv2.CV_16S, 2, 2, ksize=3), np.int16)
    np.abs(response, out=response)
    response *= _FIXED_POINT
    sigmas = _block_means(response) * (np.sqrt(np.pi / 2) / 6 / _FIXED_POINT)
    means = _block_means(gray)
    usable = sigmas[(means >= _DARKEST) & (means <= _BRIGHTEST)]
    seen = usable if usable.size else sigmas
    sigma = _sigma(seen)
    of_all = sigma if seen.size == sigmas.size else _sigma(sigmas)
    return Grain(sigma, seen.size / sigmas.size, of_all)


def _sigma(blocks: NDArray[np.float64]) -> float:
    return float(quantiles(blocks, (_QUANTILE,))[0]) / _QUANTILE_OF_PURE_NOISE


def grain_sigma(gray: Gray) -> float:
    """Standard deviation of the grain of luma, uint8 (height, width), in gray levels 0..255."""
    return grain(gray).sigma


class Specks(NamedTuple):
    """Salt-and-pepper noise: single black and white pixels."""

    cleaned: Gray
    """The image with its specks replaced by their 3x3 median."""
    share: float = 0.0
    """Share of the pixels that are specks, 0 to 1."""
    lonely: float = 0.0
    """Share of the pixels that are isolated specks, 0 to 1. Pixels of thin lines and letters are
    not isolated: they have neighbors of the same color."""


def without_specks(gray: Gray) -> Specks:
    """Find salt-and-pepper noise in luma, uint8 (height, width), and remove it.

    An outlier differs by 50 levels from the median around it. A speck is an outlier that is black
    or white (within 6 levels). Natural texture has outliers too, but few of them are black or
    white. With `p` the share of black and white outliers and `q` that of all outliers, the share
    of specks is p^2 / q. A few white pixels in a dark picture are stars, not specks.
    """
    median = cv2.medianBlur(gray, 3)
    _, outlying = cv2.threshold(cv2.absdiff(gray, median), _SPECK_STEP, 255, cv2.THRESH_BINARY)
    every = cv2.countNonZero(outlying)
    if not every:
        return Specks(gray)
    between = cv2.inRange(gray, np.array(_BLACK + 1), np.array(_WHITE - 1))
    specks = cv2.bitwise_and(outlying, cv2.bitwise_not(between))
    extreme = cv2.countNonZero(specks)
    share = extreme**2 / every / gray.size
    if share < _STARS and _are_stars(np.asarray(specks), gray):
        return Specks(gray)
    cleaned = gray.copy()
    cv2.copyTo(median, specks, cleaned)
    if not _FEW_SPECKS < extreme / gray.size < _MANY_SPECKS:
        return Specks(cleaned, share, share)
    return Specks(cleaned, share, share * _lonely(np.asarray(specks), gray) / extreme)


def _lonely(specks: Gray, gray: Gray) -> int:
    """Number of `specks` (255) that have none of the same color among their eight neighbors."""
    light = _light(specks, gray)
    count = 0
    for kind in (light, cv2.bitwise_xor(specks, light)):
        alike = cv2.boxFilter(cv2.min(kind, 1), -1, (3, 3), normalize=False)
        alone = cv2.threshold(alike, _ITSELF, 255, cv2.THRESH_BINARY_INV)[1]
        count += cv2.countNonZero(cv2.bitwise_and(kind, alone))
    return count


def _light(specks: Gray, gray: Gray) -> Gray:
    return np.asarray(
        cv2.bitwise_and(specks, cv2.threshold(gray, _MIDDLE, 255, cv2.THRESH_BINARY)[1])
    )


def _are_stars(specks: Gray, gray: Gray) -> bool:
    """Whether the specks are stars: white, with hardly any black ones, in a dark picture."""
    if cv2.mean(gray)[0] > _NIGHT:
        return False
    light = cv2.countNonZero(_light(specks, gray))
    return light > _OF_ONE_KIND * (cv2.countNonZero(specks) - light)


def _block_means(plane: NDArray[np.uint8] | NDArray[np.int16]) -> NDArray[np.integer]:
    height, width = plane.shape
    rows, columns = max(height // _BLOCK_PX, 1), max(width // _BLOCK_PX, 1)
    means = plane[: rows * _BLOCK_PX, : columns * _BLOCK_PX]
    for times in (_BLOCK_PX // 2, _BLOCK_PX // 4, 1):  # halving is several times as fast
        size = columns * times, rows * times
        means = np.asarray(cv2.resize(means, size, interpolation=cv2.INTER_AREA))
    return means

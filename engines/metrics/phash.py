"""Perceptual hash: 64 bits that rescaling, recompression and slight noise hardly change.

Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, the DCT hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

_SIDE = 32
_KEPT = 8
_MIRROR = (-1.0) ** np.arange(_KEPT)
_WEIGHTS = 1 << np.arange(63, -1, -1, dtype=np.uint64)


def phash64(pixels: Pixels) -> int:
    """Hash of RGB `pixels`, uint8 (height, width, 3), as an unsigned 64-bit integer.

    Two versions of the same picture differ in 0 to 10 of the 64 bits, unrelated pictures in about
    32.
    """
    return _pack(_low_frequencies(pixels))


def phash64_with_mirror(pixels: Pixels) -> tuple[int, int]:
    """Hashes of RGB `pixels`, uint8 (height, width, 3), and of their left-right mirror image, in
    the time of one hash.

    Mirroring negates the DCT coefficients of odd horizontal frequency and leaves the others.
    """
    low = _low_frequencies(pixels)
    return _pack(low), _pack(low * _MIRROR)


def hamming(left: int, right: int) -> int:
    """Number of bits in which two hashes differ, 0 to 64."""
    return (left ^ right).bit_count()


def _low_frequencies(pixels: Pixels) -> NDArray[np.float64]:
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(gray, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.dct(small.astype(np.float64))[:_KEPT, :_KEPT])


def _pack(low: NDArray[np.float64]) -> int:
    bits = (low > np.median(low)).ravel()
    return int((_WEIGHTS * bits).sum())

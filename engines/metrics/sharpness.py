"""Sharpness: variance of the Laplacian, minus the part that noise adds.

Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000 (variance of the
Laplacian). White noise of variance s^2 adds 20 s^2 to the variance of the 4-neighbor Laplacian
(the squares of its coefficients sum to 4 * 1 + 16). This is subtracted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from engines.metrics.gray import Gray

_NOISE_GAIN = 20.0
_FLOOR, _RANGE = 0.7, 2.9


def laplacian_variance(gray: Gray, grain_sigma: float = 0.0, share: float = 1.0) -> float:
    """Variance of the Laplacian of luma, uint8 (height, width), in squared gray levels, at least 0.
    Subtracts what grain of `grain_sigma` gray levels adds in the share `share` of the picture;
    black and white areas have no grain."""
    bends = cv2.Laplacian(gray, cv2.CV_16S)
    mean = cv2.sumElems(bends)[0] / gray.size
    variance = cv2.norm(bends, cv2.NORM_L2SQR) / gray.size - mean**2
    return max(variance - _NOISE_GAIN * share * grain_sigma**2, 0.0)


def sharpness_index(laplacian_variance: float) -> float:
    """Sharpness from 0 to 100, from the Laplacian variance without noise at a long side of 512
    pixels: 0 at 4, 50 at 140, 100 at 4000. Photographs in focus have 60 to 95."""
    return 100 * min(max((math.log10(1 + laplacian_variance) - _FLOOR) / _RANGE, 0.0), 1.0)

"""Statistics of color channels out of register: moved against each other, as in a bad print."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

    Plane = NDArray[np.float32]

NUMBERS = 4
_SIDE_PX, _MOST_PX = 128, 160
_FARTHEST, _NEAREST = 20, 2  # displacements that are searched, pixels of the reduced picture
_LEAST_POWER = 1.0  # squared gray levels, added before a division


def register_numbers(pixels: Pixels) -> list[float]:
    """`NUMBERS` numbers that tell whether one color channel of RGB `pixels`, uint8 (height, width,
    3), with at least 64 pixels a side, agrees better with another if it is moved.

    Edges of the channels are correlated in the middle of the picture, at most 160 pixels a side
    after it was reduced by a whole factor to at least 128 pixels on its short side. For the pair of
    channels that gains most by a displacement of 2 to 20 reduced pixels, in order: the gain in
    correlation, -2 to 2; the correlation of the displaced pair; that of the pair as it is, -1 to 1;
    and the natural logarithm of the distance in reduced pixels, 0 if there is no gain.
    """
    edges = [_edges(plane) for plane in cv2.split(_reduced(pixels))]
    spectra = [cv2.dft(plane) for plane in edges]
    powers = [float((plane * plane).sum()) + _LEAST_POWER * plane.size for plane in edges]
    far, least = _away(edges[0].shape)
    best = [-2.0, 0.0, 0.0, 0.0]
    for one, other in combinations(range(3), 2):
        shared = cv2.mulSpectrums(spectra[one], spectra[other], 0, conjB=True)
        fits = cv2.dft(shared, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
        fits /= math.sqrt(powers[one] * powers[other])
        here = float(fits[0, 0])
        near = fits[far[0][:, None], far[1]]
        near[least] = -1.0
        at = int(near.argmax())
        there = float(near.flat[at])
        if there - here > best[0]:
            row, column = divmod(at, len(far[1]))
            away = math.hypot(row - len(far[0]) // 2, column - len(far[1]) // 2)
            best = [there - here, there, here, math.log(away) if there > here else 0.0]
    return best


def _reduced(pixels: Pixels) -> Pixels:
    """The middle square, at most `_MOST_PX` a side, of the picture reduced by a whole factor."""
    factor = max(1, min(pixels.shape[:2]) // _SIDE_PX)
    side = min(min(pixels.shape[:2]) // factor, _MOST_PX) // 2 * 2
    top, left = ((length - side * factor) // 2 for length in pixels.shape[:2])
    square = pixels[top : top + side * factor, left : left + side * factor]
    if factor == 1:
        return square
    return np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA))


def _edges(plane: Pixels) -> Plane:
    """The difference of a channel to its surroundings, gray levels."""
    seen = plane.astype(np.float32)
    apart = seen - cv2.blur(seen, (7, 7))
    return np.asarray(apart, np.float32)


def _away(shape: tuple[int, ...]) -> tuple[list[NDArray[np.int64]], NDArray[np.bool_]]:
    """Rows and columns of the correlation that belong to the displacements searched, and which of
    these displacements are too short to count."""
    lags = [np.arange(-far, far + 1) for far in (min(_FARTHEST, side // 4) for side in shape)]
    near = np.hypot(lags[0][:, None], lags[1]) < _NEAREST
    return [each % side for each, side in zip(lags, shape, strict=True)], near

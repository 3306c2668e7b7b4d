"""Decides whether one image was made from another by cropping, rotating, mirroring or recoloring.

Local points of both images are matched. If one similarity transform maps many points of one image
to their matches in the other, the image was made from it. Feature vectors only find the candidates:
by vectors alone, two lawns have a smaller distance than a portrait and its own crop.

Sources: Lowe, "Distinctive Image Features from Scale-Invariant Keypoints" (SIFT), IJCV 2004;
Arandjelovic and Zisserman (RootSIFT: square roots of the descriptors), CVPR 2012; Fischler and
Bolles (RANSAC), 1981.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

SIDE_PX = 256
POINTS = 300
FEWEST_AGREEING = 12
"""With this many agreeing points, one image was made from the other. 19 of 20 pairs of unrelated
images agree in 3 points or fewer (benchmarks/RESULTS.md, Evidence, second table)."""
_CONTRAST = 0.02
_RATIO = 0.8
_REACH_PX = 4.0
_ROUNDS = 500
_FEWEST = 4
_SCALES = (0.2, 5.0)


@dataclass(frozen=True, slots=True)
class LocalPoints:
    """The local points of an image. `places`: float32 (n, 2), x and y in pixels of the image scaled
    to `SIDE_PX`. `descriptors`: float32 (n, 128), of length 1. n is at most about `POINTS`, and 0
    for a blank image."""

    places: NDArray[np.float32]
    descriptors: NDArray[np.float32]


def local_points(pixels: Pixels) -> LocalPoints:
    """The local points of `pixels`, RGB uint8 (height, width, 3). Takes about 20 ms of CPU time."""
    height, width = pixels.shape[:2]
    scale = SIDE_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    gray = cv2.cvtColor(cv2.resize(pixels, size, interpolation=way), cv2.COLOR_RGB2GRAY)
    sift = cv2.SIFT_create(nfeatures=POINTS, contrastThreshold=_CONTRAST)  # type: ignore[attr-defined]
    found, descriptors = sift.detectAndCompute(gray, None)
    if descriptors is None:
        return LocalPoints(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    shares = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6)
    places = np.array([point.pt for point in found], np.float32)
    return LocalPoints(places, np.sqrt(shares, dtype=np.float32))


def agreeing(left: LocalPoints, right: LocalPoints) -> int:
    """Number of points in `left` that one similarity transform (shift, rotation, scaling) maps to
    their matches in `right`."""
    if min(len(left.places), len(right.places)) < _FEWEST:
        return 0
    rows, columns = _matched(left.descriptors, right.descriptors)
    if len(rows) < _FEWEST:
        return 0
    source, target = left.places[rows], right.places[columns]
    cv2.setRNGSeed(0)  # so that the same images give the same result
    move, inside = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_REACH_PX, maxIters=_ROUNDS
    )
    if move is None or not _SCALES[0] < float(np.hypot(move[0, 0], move[1, 0])) < _SCALES[1]:
        return 0
    kept = inside.ravel().astype(bool)
    return min(_different(source[kept]), _different(target[kept]))


def _matched(
    left: NDArray[np.float32], right: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of clear matches: the best distance is below `_RATIO` times the second best (Lowe's
    ratio test)."""
    likeness = left @ right.T
    rows = np.arange(len(left))
    best = likeness.argmax(axis=1)
    first = likeness[rows, best].copy()
    likeness[rows, best] = -1
    distances = np.sqrt(np.maximum(2 - 2 * np.stack([first, likeness.max(axis=1)]), 0))
    clear = distances[0] < _RATIO * distances[1]
    return rows[clear], best[clear]


def _different(places: NDArray[np.float32]) -> int:
    """Number of different places, rounded to pixels. Several points at one place count once."""
    return len(np.unique(places.round(), axis=0))


def taken_from(pixels: Pixels, sources: list[LocalPoints]) -> list[tuple[int, bool]]:
    """For each source: the number of agreeing points, and whether they agree with the mirror image.
    `pixels`: RGB uint8 (height, width, 3)."""
    plain = local_points(pixels)
    mirrored = local_points(np.ascontiguousarray(pixels[:, ::-1]))
    found = []
    for source in sources:
        counts = agreeing(plain, source), agreeing(mirrored, source)
        found.append((max(counts), counts[1] > counts[0]))
    return found

"""Is one picture cut, turned, mirrored or recolored out of another: points that agree in one move.

Lowe, "Distinctive Image Features from Scale-Invariant Keypoints" (SIFT), IJCV 2004, with the square
roots of Arandjelovic and Zisserman (RootSIFT), CVPR 2012; RANSAC: Fischler and Bolles 1981.
Feature vectors find the candidates, and this decides: on vectors alone, two lawns lie nearer to
each other than a portrait does to its own crop.
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
"""Points that agree where one picture is taken from the other: 19 in 20 pairs of other pictures
agree in 3 or fewer (benchmarks/RESULTS.md, Evidence, second table)."""
_CONTRAST = 0.02
_RATIO = 0.8
_REACH_PX = 4.0
_ROUNDS = 500
_FEWEST = 4
_SCALES = (0.2, 5.0)


@dataclass(frozen=True, slots=True)
class LocalPoints:
    """`places` (n, 2) in pixels of the shrunk picture, `descriptors` (n, 128) of length 1, both
    float32; n at most about `POINTS`, none where the picture is blank."""

    places: NDArray[np.float32]
    descriptors: NDArray[np.float32]


def local_points(pixels: Pixels) -> LocalPoints:
    """Of RGB uint8 (height, width, 3). About 20 ms of CPU."""
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
    """Points of `left` that one move, turn and scaling brings onto their like in `right`."""
    if min(len(left.places), len(right.places)) < _FEWEST:
        return 0
    rows, columns = _matched(left.descriptors, right.descriptors)
    if len(rows) < _FEWEST:
        return 0
    source, target = left.places[rows], right.places[columns]
    cv2.setRNGSeed(0)  # the same pictures, the same answer
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
    """Pairs whose likeness stands out: the next best is a quarter farther (Lowe's ratio)."""
    likeness = left @ right.T
    rows = np.arange(len(left))
    best = likeness.argmax(axis=1)
    first = likeness[rows, best].copy()
    likeness[rows, best] = -1
    distances = np.sqrt(np.maximum(2 - 2 * np.stack([first, likeness.max(axis=1)]), 0))
    clear = distances[0] < _RATIO * distances[1]
    return rows[clear], best[clear]


def _different(places: NDArray[np.float32]) -> int:
    """Many points on one spot are one."""
    return len(np.unique(places.round(), axis=0))


def taken_from(pixels: Pixels, sources: list[LocalPoints]) -> list[tuple[int, bool]]:
    """For each source: points that agree, and whether that is with the mirrored picture."""
    plain = local_points(pixels)
    mirrored = local_points(np.ascontiguousarray(pixels[:, ::-1]))
    found = []
    for source in sources:
        counts = agreeing(plain, source), agreeing(mirrored, source)
        found.append((max(counts), counts[1] > counts[0]))
    return found

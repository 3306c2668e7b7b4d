"""Dominant colors: k-means on the CIELAB histogram of all images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.profiles.measures import LAB_BINS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.errors import JsonValue

COLORS = 5
_ROUNDS = 30


def dominant_colors(lab_shares: NDArray[np.float64], count: int = COLORS) -> list[JsonValue]:
    """The `count` cluster centers, most frequent first: {"hex": "#rrggbb", "share": 0..1}.

    `lab_shares`: share of each bin, (LAB_BINS ** 3,). Lloyd's algorithm on bin centers weighted by
    their shares. It starts at frequent bins that are far apart, so the result is deterministic.
    """
    used = np.flatnonzero(lab_shares)
    points, weights = _bin_centers()[used], lab_shares[used]
    centers = _spread_start(points, weights, min(count, len(used)))
    for _ in range(_ROUNDS):
        nearest = _nearest(points, centers)
        for index in range(len(centers)):
            mine = nearest == index
            if mine.any():
                centers[index] = np.average(points[mine], axis=0, weights=weights[mine])
    nearest = _nearest(points, centers)
    shares = np.array([weights[nearest == index].sum() for index in range(len(centers))])
    order = np.argsort(-shares)
    return [{"hex": _hex(centers[i]), "share": round(float(shares[i]), 4)} for i in order]


def _bin_centers() -> NDArray[np.float64]:
    steps = (np.arange(LAB_BINS) + 0.5) / LAB_BINS
    grid = np.meshgrid(steps * 100, steps * 200 - 100, steps * 200 - 100, indexing="ij")
    return np.stack([axis.ravel() for axis in grid], axis=1)


def _spread_start(
    points: NDArray[np.float64], weights: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    chosen = [int(np.argmax(weights))]
    while len(chosen) < count:
        distance = np.linalg.norm(points[:, None] - points[chosen][None], axis=2).min(axis=1)
        chosen.append(int(np.argmax(weights * distance**2)))
    return points[chosen].copy()


def _nearest(points: NDArray[np.float64], centers: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.asarray(np.linalg.norm(points[:, None] - centers[None], axis=2).argmin(axis=1))


def _hex(lab: NDArray[np.float64]) -> str:
    pixel = lab.astype(np.float32).reshape(1, 1, 3)
    rgb = np.clip(cv2.cvtColor(pixel, cv2.COLOR_LAB2RGB)[0, 0], 0, 1)
    return "#" + "".join(f"{round(float(value) * 255):02x}" for value in rgb)

"""Detects vector art: gradients without noise, with edges one pixel wide between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engines.metrics.tiles import FEWEST_TILES, tile_means, tile_ranges

if TYPE_CHECKING:
    from engines.metrics.gray import Gray

_GENTLE_LEVELS, _MOST_GENTLE = 2, 0.85  # of what changes, how much changes by so little
_EDGE_LEVELS, _BESIDE_PX = 24, 3
_SHARP_EDGES, _FEWEST_EDGES = 0.6, 5e-4  # of the edges; of the picture
_CALM_RANGE, _CALM, _NOISELESS = 24, 0.4, 0.6  # levels; share of calm tiles; mean of the mask


def is_vector(across: Gray, down: Gray, gray: Gray, changes: int) -> bool:
    """Whether a picture is vector art. Photographs have noise, or no sharp edges.

    `across`, `down`: uint8, largest difference in any channel of each pixel from the one to its
    right, and from the one below. `gray`: luma. `changes`: number of values in `across` and `down`
    that are not 0.
    """
    loud = sum(
        cv2.countNonZero(cv2.threshold(each, _GENTLE_LEVELS, 1, cv2.THRESH_BINARY)[1])
        for each in (across, down)
    )
    if not changes or 1 - loud / changes < _MOST_GENTLE:
        return False
    return _sharp_edges(across, cv2.transpose(down)) and _noiseless(gray)


def _sharp_edges(*differences: Gray) -> bool:
    """Whether most large steps along the rows of each plane have no other large step beside
    them."""
    counts = sharp = pixels = 0
    for steps in differences:
        inner = steps[:, _BESIDE_PX:-_BESIDE_PX]
        edges = np.asarray(inner >= _EDGE_LEVELS)
        beside = np.maximum(steps[:, : -2 * _BESIDE_PX], steps[:, 2 * _BESIDE_PX :])
        counts += int(np.count_nonzero(edges))
        sharp += int(np.count_nonzero(edges & (beside <= _GENTLE_LEVELS + 1)))
        pixels += inner.size
    return counts >= _FEWEST_EDGES * pixels and sharp > _SHARP_EDGES * counts


def _noiseless(gray: Gray) -> bool:
    bends = np.abs(cv2.Sobel(gray, cv2.CV_16S, 2, 2, ksize=3)).astype(np.float32)
    calm = tile_ranges(gray) <= _CALM_RANGE
    if np.count_nonzero(calm) < FEWEST_TILES:
        return False
    return float(np.mean(tile_means(bends)[calm] < _NOISELESS)) > _CALM

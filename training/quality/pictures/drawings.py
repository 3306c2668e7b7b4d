"""Flat illustrations like those that the embedded model draws: shapes of one color each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from engines.types import Pixels

_PAPERS = ((255, 255, 255), (253, 246, 227), (205, 232, 255), (34, 34, 68), (255, 224, 224))


def drawing(index: int, side_px: int = 512) -> Pixels:
    """Drawing number `index`: two to seven anti-aliased shapes on a plain background. Equal numbers
    give equal drawings."""
    rng = np.random.default_rng(index)
    canvas = np.full((side_px, side_px, 3), _PAPERS[index % len(_PAPERS)], np.uint8)
    for _ in range(rng.integers(2, 8)):
        color = tuple(int(value) for value in rng.integers(0, 256, 3))
        x, y = (int(value) for value in rng.uniform(0.15, 0.85, 2) * side_px)
        radius = int(rng.uniform(0.08, 0.3) * side_px)
        kind = int(rng.integers(3))
        if kind == 0:
            cv2.circle(canvas, (x, y), radius, color, -1, cv2.LINE_AA)
        elif kind == 1:
            cv2.ellipse(canvas, (x, y), (radius, radius // 2), 30, 0, 360, color, -1, cv2.LINE_AA)
        else:
            corners = np.array([(x, y - radius), (x + radius, y + radius), (x - radius, y)])
            cv2.fillPoly(canvas, [corners.astype(np.int32)], color, cv2.LINE_AA)
    return canvas

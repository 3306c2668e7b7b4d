"""Luma, which most metrics are computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

    Gray = NDArray[np.uint8]
    """Luma, uint8, shape (height, width), values 0..255."""

WORKING_SIDE_PX = 512
"""Long side, pixels, to which images are scaled for metrics that must not depend on their size."""


def luma(pixels: Pixels) -> Gray:
    """ITU-R BT.601 luma of RGB `pixels`, uint8: 0.299 R + 0.587 G + 0.114 B."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def shrunk(gray: Gray, side_px: int = WORKING_SIDE_PX) -> Gray:
    """`gray`, uint8 (height, width) or RGB (height, width, 3), reduced by area averaging to a long
    side of at most `side_px`."""
    height, width = gray.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return gray
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))

"""Gray planes that the other metrics start from."""

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
"""Long side at which size-independent metrics are taken: what a viewer sees of the whole image."""


def luma(pixels: Pixels) -> Gray:
    """ITU-R BT.601 luma of RGB `pixels`: .299 R + .587 G + .114 B."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def shrunk(gray: Gray, side_px: int = WORKING_SIDE_PX) -> Gray:
    """`gray` with its long side at most `side_px`, by area averaging; never enlarged."""
    height, width = gray.shape
    scale = side_px / max(height, width)
    if scale >= 1:
        return gray
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))

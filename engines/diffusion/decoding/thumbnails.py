"""Encode scaled pictures as JPEG. Does not import torch."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from engines.types import Pixels

_JPEG_QUALITY = 75


def thumbnail(pixels: Pixels, max_side_px: int) -> bytes:
    """A JPEG of an RGB picture, uint8 (h, w, 3), scaled to a longer side of `max_side_px`."""
    height, width = pixels.shape[:2]
    scale = max_side_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
    picture.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()

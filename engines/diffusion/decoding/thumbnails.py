"""Small JPEGs. No torch here."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from engines.types import Pixels

_JPEG_QUALITY = 75


def thumbnail(pixels: Pixels, max_side_px: int) -> bytes:
    """JPEG of the picture, scaled so that its longer side is as given."""
    height, width = pixels.shape[:2]
    scale = max_side_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
    picture.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()

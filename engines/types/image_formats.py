"""The image files that the service knows by their names."""

from __future__ import annotations

from collections.abc import Mapping

IMAGE_MEDIA_TYPES: Mapping[str, str] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
"""Media type by suffix, in lower case (IANA's registry)."""

IMAGE_SUFFIXES = tuple(IMAGE_MEDIA_TYPES)
"""As `str.endswith` takes them. What a file really is, `engines.images` says from its bytes."""

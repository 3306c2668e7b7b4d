"""Facts that are read from an image file."""

from __future__ import annotations

from typing import NamedTuple


class FileFacts(NamedTuple):
    """Facts about an image file. `width` and `height` are in pixels, after the EXIF orientation is
    applied. `sha256` is hexadecimal."""

    format: str
    width: int
    height: int
    sha256: str

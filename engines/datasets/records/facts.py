"""Facts that are read from an image file."""

from __future__ import annotations

from typing import NamedTuple


class FileFacts(NamedTuple):
    """What was read of the file. Width and height are upright: as it is shown, with its EXIF
    orientation applied, pixels."""

    format: str
    width: int
    height: int
    sha256: str

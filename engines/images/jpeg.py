"""JPEG markers, walked before a library reads them (ITU-T T.81, annex B)."""

from __future__ import annotations

import re

from engines.images import tiff
from engines.images.model import refuse

MAGIC = b"\xff\xd8\xff"
_MAX_SCANS = 100
_MAX_SEGMENTS = 4096
_MAX_EXIF_BYTES = 2**20
_EXIF, _APP1, _SOS, _EOI = b"Exif\0\0", 0xE1, 0xDA, 0xD9
# In entropy-coded data FF is followed by 00 (stuffing) or D0..D7 (restart); fill bytes are FF.
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


def check(content: bytes) -> int | None:
    """Where the image ends (None: it is cut short); `InvalidImage` for bombs.

    A progressive file may ask for any number of passes over all pixels: scans are bounded.
    """
    at, scans, exif = 2, 0, b""
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(content, at)
        if found is None:
            return None
        marker = content[found.end() - 1]
        if marker == _EOI:
            tiff.first_directory(exif)
            return found.end()
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        body = content[found.end() + 2 : found.end() + length]
        at = found.end() + max(length, 2)
        scans += marker == _SOS
        if marker == _APP1 and body.startswith(_EXIF):
            exif += body[len(_EXIF) :]
        if scans > _MAX_SCANS or len(exif) > _MAX_EXIF_BYTES:
            break
    raise refuse("has more JPEG segments, scans or EXIF than a picture needs")

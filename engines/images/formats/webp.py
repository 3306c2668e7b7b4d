"""Read the structure of a WebP file before a library allocates its canvas (RFC 9649)."""

from __future__ import annotations

import struct

from engines.images.formats.walk import Block, Walk
from engines.images.model import refuse

_MAX_CHUNKS = 4096
_EXIF = b"Exif\0\0"


def walk(content: bytes) -> Walk:
    """Where the picture ends, its metadata and its size.

    Raises `InvalidImage` for more chunks than a picture needs.
    """
    end = 8 + int.from_bytes(content[4:8], "little")
    metadata: list[Block] = []
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > min(end, len(content)):
            cut = end > len(content)
            return Walk(None if cut else end, tuple(metadata), (), canvas(content), cut)
        kind, length = struct.unpack_from("<4sL", content, at)
        start, behind = at + 8, min(at + 8 + length, len(content))
        if kind == b"EXIF":
            skipped = len(_EXIF) if content.startswith(_EXIF, start) else 0
            metadata.append(Block("exif", start + skipped, behind))
        elif kind == b"XMP ":
            metadata.append(Block("xmp", start, behind))
        at += 8 + length + length % 2
    raise refuse(f"has more than {_MAX_CHUNKS} WebP chunks")


def canvas(content: bytes) -> tuple[int, int]:
    """Width and height from the first chunk, pixels; (0, 0) where it does not state them."""
    kind, body = content[12:16], content[20:30]
    if len(body) < 10:
        return 0, 0
    if kind == b"VP8X":
        width = int.from_bytes(body[4:7], "little") + 1
        return width, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width = int.from_bytes(body[6:8], "little") & 0x3FFF
        return width, int.from_bytes(body[8:10], "little") & 0x3FFF
    return 0, 0

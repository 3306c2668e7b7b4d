"""WebP headers, read before the library makes room for the canvas (RFC 9649)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from engines.images import tiff
from engines.images.model import refuse

_MAX_CHUNKS = 4096


def _chunks(content: bytes, end: int) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > end:
            return
        kind, length = struct.unpack_from("<4sL", content, at)
        yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise refuse(f"has more than {_MAX_CHUNKS} WebP chunks")


def check(content: bytes) -> int | None:
    """Where the image ends (None: it is cut short); `InvalidImage` for bombs in EXIF."""
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        return None
    for kind, body in _chunks(content, end):
        if kind == b"EXIF":
            tiff.first_directory(body.removeprefix(b"Exif\0\0"))
    return end


def canvas(content: bytes) -> tuple[int, int]:
    """Width and height as the first chunk states them; (0, 0) where it does not."""
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

"""Find the segments of a JPEG file without decoding it (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engines.images.formats.walk import Block, Walk
from engines.images.model import refuse

if TYPE_CHECKING:
    from engines.images.formats.walk import BlockKind

MAGIC = b"\xff\xd8\xff"
_MAX_SCANS = 100
_MAX_SEGMENTS = 4096
_SOI, _TEM, _SOS, _EOI = 0xD8, 0x01, 0xDA, 0xD9
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame
# Segments that no pixel depends on: APP1 to APP13, APP15 and comments. APP0 (JFIF) and APP14
# (Adobe) say how colors are stored.
_WITHOUT = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
# In entropy-coded data FF is followed by 00 (stuffing) or D0..D7 (restart). Fill bytes before a
# marker are FF too, so a marker is an FF that is followed by any other byte.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SIGNATURES: tuple[tuple[int, bytes, BlockKind], ...] = (
    (0xE1, b"Exif\0\0", "exif"),
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0", "xmp"),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "xmp_more"),
    (0xED, b"Photoshop 3.0\0", "photoshop"),
    (0xFE, b"", "comment"),
)
_EXTENSION_HEADER_BYTES = 40  # digest, full length, offset (XMP specification, part 3, 1.1.3.1)


def walk(content: bytes, start: int = 0) -> Walk:
    """The parts of the picture whose first marker is at `start`.

    Raises `InvalidImage` for a picture without a size, or with too many segments or scans: each
    scan of a progressive JPEG costs the decoder a pass over all pixels.
    """
    at, scans = start + 2, 0
    metadata: list[Block] = []
    without: list[tuple[int, int]] = []
    size: tuple[int, int] | None = None
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(content, at)
        marker = content[found.end() - 1] if found else _EOI
        if found is None or marker == _EOI:
            end = found.end() if found else None
            if size is None:
                raise refuse("has a broken JPEG header: it names no size")
            return Walk(end, tuple(metadata), tuple(without), size)
        body = found.end() + 2
        at = found.end() + max(int.from_bytes(content[found.end() : body], "big"), 2)
        if marker in (_SOI, _TEM):
            at = found.end()
        elif marker in _WITHOUT:
            without.append((found.start(), min(at, len(content))))
            metadata.extend(_metadata(content, marker, body, at))
        elif marker in _SIZES and size is None:
            height, width = content[body + 1 : body + 3], content[body + 3 : body + 5]
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
        scans += marker == _SOS
        if scans > _MAX_SCANS:
            break
    raise refuse("has more JPEG segments or scans than a picture needs")


def _metadata(content: bytes, marker: int, start: int, end: int) -> list[Block]:
    for number, signature, found in _SIGNATURES:
        if marker == number and content.startswith(signature, start):
            start += len(signature)
            kind = found
            if kind == "xmp_more":
                start += _EXTENSION_HEADER_BYTES
            if kind == "exif" and content[start : start + 2] not in (b"II", b"MM"):
                kind = "exif_more"
            return [Block(kind, min(start, end), min(end, len(content)))]
    return []

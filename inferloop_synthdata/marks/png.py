"""Reads the chunks of a PNG file (W3C PNG, third edition, section 5.3).

Pillow cannot do this: it refuses the whole file at the first wrong checksum, so that the recipe of
a changed file could not be shown. If a program has set `ImageFile.LOAD_TRUNCATED_IMAGES`, as many
do, Pillow ignores the checksums of mark and recipe, and a changed mark would pass as unchanged.

The service has another reader, `engines/images/formats/png.py`. Neither package may import the
other, because the client is installed alone and the engines load no HTTP library. A test checks
that both read the same chunks and the same text.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 65_536


class Chunk(NamedTuple):
    """Type and data of a chunk, and whether its checksum (CRC-32) is right."""

    kind: bytes
    data: memoryview
    intact: bool


def chunks(content: bytes) -> Iterator[Chunk]:
    """The chunks of a PNG up to IEND. If the file is cut off, only the complete ones. No chunks if
    it is not a PNG."""
    view, at = memoryview(content), len(MAGIC)
    for _ in range(_MOST_CHUNKS if content.startswith(MAGIC) else 0):
        if at + 12 > len(content):
            return
        length = int.from_bytes(view[at : at + 4], "big")
        end = at + 12 + length
        if end > len(content):
            return
        kind, data = bytes(view[at + 4 : at + 8]), view[at + 8 : end - 4]
        yield Chunk(kind, data, zlib.crc32(view[at + 4 : end - 4]) == _number(view[end - 4 : end]))
        if kind == b"IEND":
            return
        at = end


def is_intact(content: bytes) -> bool:
    """Whether all checksums are right, the last chunk is IEND, and no bytes follow it."""
    size, last = len(MAGIC), b""
    for chunk in chunks(content):
        if not chunk.intact:
            return False
        size, last = size + 12 + len(chunk.data), chunk.kind
    return last == b"IEND" and size == len(content)


def text(content: bytes) -> dict[str, str]:
    """Keyword to text, of each uncompressed iTXt chunk without language and with a right
    checksum."""
    found: dict[str, str] = {}
    for chunk in chunks(content):
        if chunk.kind != b"iTXt" or not chunk.intact:
            continue
        keyword, _, rest = bytes(chunk.data).partition(b"\0")
        language, _, translated = rest[2:].partition(b"\0")
        if rest[:1] == b"\0" and language == b"":
            value = translated.partition(b"\0")[2]
            found[keyword.decode("latin-1")] = value.decode("utf-8", "replace")
    return found


def _number(view: memoryview) -> int:
    return int(struct.unpack(">I", view)[0])

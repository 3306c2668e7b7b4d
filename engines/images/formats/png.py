"""Find the chunks of a PNG file without decoding it (PNG specification, third edition, 5)."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from engines.images.formats.walk import Block, BlockKind, Walk
from engines.images.model import refuse

MAGIC = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 65_536
_MAX_DEFLATE_RATIO = 1032  # the largest that deflate reaches (zlib, "Technical details")
_METADATA: dict[bytes, BlockKind] = {
    b"eXIf": "exif",
    b"tEXt": "tEXt",
    b"zTXt": "zTXt",
    b"iTXt": "iTXt",
}
MARK = b"caBX"
"""Chunk type of a C2PA mark (C2PA specification 2.2, A.3.1.2)."""
_WITHOUT = frozenset({*_METADATA, MARK, b"iCCP", b"tIME", b"sPLT", b"hIST", b"pHYs"})


class Chunk(NamedTuple):
    """A chunk of the type `kind`; its data is `length` bytes from position `start` of the file."""

    kind: bytes
    start: int
    length: int

    @property
    def end(self) -> int:
        """Position of the first byte after the chunk's checksum."""
        return self.start + self.length + 4


def chunks(file: BinaryIO, max_chunks: int = MAX_CHUNKS) -> Iterator[Chunk]:
    """Every chunk up to and including IEND; reads only the 8-byte header of each.

    `file` must be seekable and begin with the PNG signature, which is not checked. A chunk is
    yielded even if the file ends inside its data. Raises `InvalidImage` for more than
    `max_chunks` chunks.
    """
    at = len(MAGIC)
    for _ in range(max_chunks):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">L4s", head)
        chunk = Chunk(kind, at + 8, length)
        yield chunk
        if kind == b"IEND":
            return
        at = chunk.end
    raise refuse(f"has more than {max_chunks} PNG chunks")


def without_mark(content: bytes) -> bytes:
    """The PNG without its C2PA mark; unchanged if it is not a PNG or has no mark."""
    if not content.startswith(MAGIC) or MARK not in content:
        return content
    kept, at = [], 0
    for chunk in chunks(io.BytesIO(content)):
        if chunk.kind == MARK:
            kept.append(content[at : chunk.start - 8])
            at = chunk.end
    return b"".join((*kept, content[at:]))


def walk(content: bytes) -> Walk:
    """Where the picture ends, its metadata and its size.

    Raises `InvalidImage` for more chunks than a picture needs, and for a header that states more
    pixels than the compressed data can hold.
    """
    promised = data_bytes = 0
    metadata: list[Block] = []
    without: list[tuple[int, int]] = []
    size: tuple[int, int] | None = None
    end: int | None = None
    for chunk in chunks(io.BytesIO(content)):
        if chunk.end > len(content):
            break
        if chunk.kind == b"IHDR" and chunk.length == 13:
            width, height, depth = struct.unpack_from(">LLB", content, chunk.start)
            size, promised = (width, height), width * height * depth // 8
        elif chunk.kind == b"IDAT":
            data_bytes += chunk.length
        elif chunk.kind == b"IEND":
            end = chunk.end
        elif chunk.kind in _WITHOUT:
            without.append((chunk.start - 8, chunk.end))
        if chunk.kind in _METADATA:
            kind = _METADATA[chunk.kind]
            metadata.append(Block(kind, chunk.start, chunk.start + chunk.length))
    if end is not None and promised > data_bytes * _MAX_DEFLATE_RATIO:
        raise refuse("has a PNG header that promises more pixels than the file holds")
    return Walk(end, tuple(metadata), tuple(without), size, cut=end is None)

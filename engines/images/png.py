"""PNG chunks, walked before a library reads them (PNG specification, third edition, section 5)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from engines.images import tiff
from engines.images.model import refuse

MAGIC = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 65_536
_MAX_DEFLATE_RATIO = 1032  # of any deflate stream (zlib, "Technical details")
_MAX_TEXT_BYTES = 2**20


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of data, end of data) up to and with IEND; a cut chunk is not handed out."""
    at = len(MAGIC)
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(content):
            return
        length, kind = struct.unpack_from(">L4s", content, at)
        end = at + 8 + length
        if end + 4 > len(content):
            return
        yield kind, at + 8, end
        if kind == b"IEND":
            return
        at = end + 4
    raise refuse(f"has more than {_MAX_CHUNKS} PNG chunks")


def check(content: bytes) -> int | None:
    """Where the image ends (None: it is cut short); `InvalidImage` for bombs in metadata, and
    for a header that promises more pixels than the data can hold."""
    promised = data_bytes = 0
    for kind, start, end in _chunks(content):
        if kind == b"IHDR" and end - start == 13:
            width, height, depth = struct.unpack_from(">LLB", content, start)
            promised = width * height * depth // 8
        if kind == b"IDAT":
            data_bytes += end - start
        if kind == b"eXIf":
            tiff.first_directory(content[start:end])
        if kind == b"IEND":
            if promised > data_bytes * _MAX_DEFLATE_RATIO:
                raise refuse("has a PNG header that promises more pixels than the file holds")
            return end + 4
    return None


def text_chunks(content: bytes) -> dict[str, str]:
    """Keyword to text of every tEXt, zTXt and iTXt chunk, at most 1 MiB in all, decompressed.

    Raises `InvalidImage` past that, or where a compressed chunk is broken.
    """
    texts: dict[str, str] = {}
    left = _MAX_TEXT_BYTES
    for kind, start, end in _chunks(content):
        if kind not in (b"tEXt", b"zTXt", b"iTXt"):
            continue
        keyword, _, body = content[start:end].partition(b"\0")
        text = _decode(kind, body, left)
        left -= len(text)
        if left < 0:
            raise refuse("has more than 1 MiB of PNG text", "PNG text <= 1048576 bytes")
        texts[keyword.decode("latin-1")] = text.decode(
            "utf-8" if kind == b"iTXt" else "latin-1", "replace"
        )
    return texts


def _decode(kind: bytes, body: bytes, limit: int) -> bytes:
    if kind == b"tEXt":
        return body
    if kind == b"zTXt":
        return _inflate(body[1:], limit)
    compressed, rest = body[:1] == b"\1", body[2:]
    text = rest.split(b"\0", 2)[-1]  # after the language tag and the translated keyword
    return _inflate(text, limit) if compressed else text


def _inflate(data: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, limit + 1)
    except zlib.error:
        raise refuse("has broken PNG text") from None

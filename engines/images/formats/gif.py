"""Find the blocks of a GIF file without decoding it (GIF89a specification)."""

from __future__ import annotations

from engines.images.formats.walk import Block, Walk
from engines.images.model import refuse

MAGIC = (b"GIF87a", b"GIF89a")
_MAX_BLOCKS = 262_144
_MAX_EXTENSION_BYTES = 2**20
_EXTENSION, _IMAGE, _TRAILER, _COMMENT, _CONTROL = 0x21, 0x2C, 0x3B, 0xFE, 0xF9
_XMP = b"\x21\xff\x0bXMP DataXMP"
# Ends an XMP packet: a reader of sub-blocks that starts anywhere in the packet ends after it.
_XMP_TRAILER = bytes([1, *range(255, -1, -1), 0])


def walk(content: bytes) -> Walk:
    """Where the picture ends and its metadata is.

    Raises `InvalidImage` for more blocks, counted with their sub-blocks, or more bytes of
    extensions than a picture needs.
    """
    at = 13 + _color_table_bytes(content[10:11])
    metadata: list[Block] = []
    without: list[tuple[int, int]] = []
    blocks = extension_bytes = 0
    while at < len(content):
        kind, start = content[at], at
        if kind == _TRAILER:
            return Walk(at + 1, tuple(metadata), tuple(without))
        if kind not in (_EXTENSION, _IMAGE):
            break
        head = 2 if kind == _EXTENSION else 11 + _color_table_bytes(content[at + 9 : at + 10])
        at, blocks = _behind_parts(content, at + head, blocks + 1)
        if kind == _EXTENSION and content[start + 1 : start + 2] != bytes([_CONTROL]):
            extension_bytes += at - start
            without.append((start, min(at, len(content))))
            metadata.extend(_metadata(content, start, at))
        if extension_bytes > _MAX_EXTENSION_BYTES:
            raise refuse("has more than 1 MiB of GIF extensions")
    return Walk(None, tuple(metadata), tuple(without), cut=at > len(content))


def _behind_parts(content: bytes, at: int, blocks: int) -> tuple[int, int]:
    """Position after the terminator of a chain of sub-blocks, and `blocks` plus their number."""
    while at < len(content) and content[at]:
        at += content[at] + 1
        blocks += 1
        if blocks > _MAX_BLOCKS:
            break
    if blocks > _MAX_BLOCKS:
        raise refuse(f"has more than {_MAX_BLOCKS} GIF blocks")
    return at + 1, blocks


def _metadata(content: bytes, start: int, end: int) -> list[Block]:
    end = min(end, len(content))
    if content.startswith(_XMP, start):
        trailer = end - len(_XMP_TRAILER)
        behind = trailer if content.startswith(_XMP_TRAILER, max(start, trailer)) else end
        return [Block("xmp", start + len(_XMP), behind)]
    if content.startswith(bytes([_COMMENT]), start + 1):  # safe where the file ends before it
        return [Block("comment", start + 3, end)]
    return []


def _color_table_bytes(flags: bytes) -> int:
    if not flags or not flags[0] & 0x80:
        return 0
    return 3 * 2 ** ((flags[0] & 7) + 1)

"""TIFF directories, walked before a library reads them.

EXIF blocks are TIFF structures too. A directory of 65,535 entries that all point at the same
30 MB is a valid 31 MB file that costs a naive reader two terabytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from engines.images.model import ImageLimits, refuse

ORIENTATION = 0x0112
_TILE_WIDTH, _TILE_LENGTH = 0x0142, 0x0143
_SUB_DIRECTORIES = (0x8769, 0x8825, 0xA005)  # Exif, GPS, interoperability
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SLACK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    size_bytes: int
    value: int
    """First value of an inline SHORT or LONG; elsewhere meaningless."""


def _entries(content: bytes, offset: int, order: str) -> Iterator[_Entry]:
    if offset + 2 > len(content):
        return
    (count,) = struct.unpack_from(order + "H", content, offset)
    for index in range(count):
        at = offset + 2 + 12 * index
        if at + 12 > len(content):
            return
        tag, kind, number = struct.unpack_from(order + "HHL", content, at)
        (value,) = struct.unpack_from(order + ("H" if kind == 3 else "L"), content, at + 8)
        yield _Entry(tag, number * _TYPE_BYTES.get(kind, 1), value)


def first_directory(content: bytes) -> dict[int, int]:
    """Tag to inline value of the first directory; empty if there is none.

    Raises `InvalidImage` where the directories claim more bytes than the structure has.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[:4])
    if order is None or len(content) < 8:
        return {}
    (start,) = struct.unpack_from(order + "L", content, 4)
    claimed, values = 0, {}
    for entry in _entries(content, start, order):
        claimed += entry.size_bytes
        values[entry.tag] = entry.value
    for tag in _SUB_DIRECTORIES:
        if tag in values:
            claimed += sum(entry.size_bytes for entry in _entries(content, values[tag], order))
    if claimed > len(content) + _SLACK_BYTES:
        raise refuse("has metadata that claims more bytes than the file has")
    return values


def check(content: bytes, limits: ImageLimits) -> None:
    """Raise `InvalidImage` for a TIFF file whose directories or tiles are a bomb."""
    values = first_directory(content)
    if not values:
        raise refuse("is a TIFF file without a directory")
    if values.get(_TILE_WIDTH, 1) * values.get(_TILE_LENGTH, 1) > limits.max_pixels:
        raise refuse("has TIFF tiles larger than an image may be", "tile within max_pixels")


def exif_orientation(exif: bytes) -> int:
    """EXIF orientation, 1..8; 1 where it is absent or out of range."""
    value = first_directory(exif.removeprefix(b"Exif\0\0")).get(ORIENTATION, 1)
    return value if 1 <= value <= 8 else 1

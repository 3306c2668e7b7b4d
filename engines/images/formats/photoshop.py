"""Photoshop's image resources, which hold the IPTC metadata of JPEG, TIFF and old PNG files.

Format: Adobe Photoshop File Formats Specification, "Image Resource Blocks".
"""

from __future__ import annotations

from collections.abc import Iterator

IPTC, EXIF, XMP = 0x0404, 0x0422, 0x0424
_SIGNATURE = b"8BIM"
_SMALLEST_BYTES = 12  # signature, number, empty name, size
_MAX_RESOURCES = 1024


def resources(content: bytes) -> Iterator[tuple[int, bytes] | None]:
    """The number and data of each resource; where the block is damaged, None at the end."""
    at = 0
    for _ in range(_MAX_RESOURCES):
        if len(content) - at < _SMALLEST_BYTES and not content[at:].strip(b"\0"):
            return  # nothing but padding
        if content[at : at + 4] != _SIGNATURE or len(content) - at < _SMALLEST_BYTES:
            break
        number = int.from_bytes(content[at + 4 : at + 6], "big")
        at += 6 + (content[at + 6] + 2) // 2 * 2  # a name: its length, then padded to even
        size = int.from_bytes(content[at : at + 4], "big")
        if at + 4 + size > len(content):
            break
        yield number, content[at + 4 : at + 4 + size]
        at += 4 + (size + 1) // 2 * 2
    yield None

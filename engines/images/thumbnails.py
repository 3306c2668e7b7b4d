"""Extract the thumbnails inside metadata as complete files, without decoding them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence

from engines.images.formats import tiff

PHOTOSHOP = (0x0409, 0x040C)
"""Numbers of the Photoshop resources that hold a thumbnail."""
_PHOTOSHOP_HEADER_BYTES = 28
_JPEG_OFFSET, _JPEG_LENGTH, _STRIPS = 0x0201, 0x0202, 0x0111
_XMP_JPEG = re.compile(rb"/9j/[A-Za-z0-9+/=\s&#;]+")  # base64 of a JPEG's first bytes
_LINE_BREAKS = re.compile(rb"&#[xX]?[0-9A-Fa-f]{1,4};|\s")
_MOST_IN_XMP = 16


def in_exif(block: bytes, fields: Sequence[tiff.Field]) -> Iterator[bytes]:
    """The thumbnails of an EXIF block (CIPA DC-008, 4.5.8).

    JPEG thumbnails are returned as they are; an uncompressed one as a TIFF file whose first
    directory is the thumbnail's.
    """
    starts = [f.number for f in fields if f.tag == _JPEG_OFFSET]
    lengths = [f.number for f in fields if f.tag == _JPEG_LENGTH]
    for start, length in zip(starts, lengths, strict=False):
        yield block[start : start + length]
    second = tiff.second_directory(block)
    if not starts and second:
        plain = tiff.begun_at(block, second)
        if any(f.tag == _STRIPS for f in tiff.structure(plain).fields):
            yield plain


def in_photoshop(number: int, body: bytes) -> Iterator[bytes]:
    """The JPEG inside the Photoshop resource `number`, if that resource is a thumbnail."""
    if number in PHOTOSHOP:
        yield body[_PHOTOSHOP_HEADER_BYTES:]


def in_xmp(packet: bytes) -> Iterator[bytes]:
    """The base64 JPEG files in an XMP packet (`xmpGImg:image`), at most 16; empty bytes for one
    that is not valid base64."""
    for index, match in enumerate(_XMP_JPEG.finditer(packet)):
        if index == _MOST_IN_XMP:
            return
        digits = _LINE_BREAKS.sub(b"", match.group()).split(b"&")[0].rstrip(b"=")
        try:
            yield base64.b64decode(digits + b"=" * (-len(digits) % 4))
        except binascii.Error:
            yield b""

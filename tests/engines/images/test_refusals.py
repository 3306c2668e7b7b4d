"""Files that mean harm, or nothing: refused in words, before they cost anything."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.errors import InvalidImage
from engines.images import ImageLimits, decode, probe


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def png(width: int, height: int, *extra: bytes, idat: bytes = b"") -> bytes:
    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"".join(extra) + chunk(b"IDAT", idat or zlib.compress(b"\0" * (1 + 3 * width)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def directory(entries: int, size: int) -> bytes:
    """A TIFF whose `entries` all claim the same `size` bytes."""
    body = b"".join(struct.pack("<HHLL", 40_000 + i, 1, size, 8) for i in range(entries))
    return b"II*\0" + struct.pack("<LH", 8, entries) + body + b"\0" * 4 + b"x" * size


def refused(content: bytes, limits: ImageLimits, words: str) -> None:
    with pytest.raises(InvalidImage, match=words) as caught:
        decode(content, limits)
    fault = caught.value.faults[0]
    assert fault.parameter == "image"
    assert fault.value is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text document"),
        (b"\n <!DOCTYPE html><script>alert(1)</script>", "text document"),
        (b"#!/bin/sh\nrm -rf /\n", "not in a supported format"),
        (b"PK\x03\x04" + b"\0" * 40, "not in a supported format"),
        (b"%PDF-1.7", "not in a supported format"),
        (b"GIF89a=1;alert(1)//", "GIF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"RIFF\x10\0\0\0WEBPVP8X", "WEBP"),
        (b"BM" + b"\0" * 60, "BMP"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"\0" * 1000, "not in a supported format"),
    ],
)
def test_not_a_picture(content: bytes, words: str, limits: ImageLimits) -> None:
    refused(content, limits, words)


def test_too_many_bytes(limits: ImageLimits) -> None:
    refused(b"\x89PNG" + b"\0" * limits.max_bytes, limits, "larger than 4000000 bytes")


def test_a_hundred_megapixels_are_refused_by_the_header() -> None:
    content = png(10_000, 10_000, idat=zlib.compress(b"\0" * 13_000_000, 9) * 12)
    for read in (probe, decode):
        with pytest.raises(InvalidImage, match="10000 x 10000 pixels"):
            read(content, ImageLimits())


def test_beyond_pillows_own_limit(limits: ImageLimits) -> None:
    refused(png(60_000, 60_000, idat=b"\0" * 3_600_000), limits, "broken|pixels")


def test_a_long_thin_image(limits: ImageLimits) -> None:
    refused(png(5000, 2), limits, "a side over 4096")


def test_webp_canvas_is_refused_before_the_decoder_makes_room(limits: ImageLimits) -> None:
    extended = b"\0" * 4 + (16_000).to_bytes(3, "little") * 2
    chunk_bytes = b"VP8X" + struct.pack("<L", 10) + extended
    content = b"RIFF" + struct.pack("<L", 4 + len(chunk_bytes)) + b"WEBP" + chunk_bytes
    refused(content, limits, "16001 x 16001 pixels")


def test_a_format_the_config_left_out(picture: Image.Image) -> None:
    only_png = ImageLimits(formats=("PNG",))
    refused(encoded(picture, "GIF"), only_png, r"supported format \(PNG\)")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_truncated(kind: str, share: float, limits: ImageLimits) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    refused(content[: int(len(content) * share)], limits, kind)


def test_a_header_that_lies_about_the_size(limits: ImageLimits) -> None:
    refused(png(900, 900), limits, "promises more pixels")
    refused(png(900, 900, idat=zlib.compress(b"\0" * 2701 * 899)[:-9]), limits, "truncated")


def test_many_chunks(limits: ImageLimits) -> None:
    refused(png(4, 4, chunk(b"abCd", b"") * 70_000), limits, "PNG chunks")


def test_a_tiff_directory_bomb(limits: ImageLimits) -> None:
    refused(directory(2000, 30_000), limits, "claims more bytes")


def test_progressive_scan_bomb(picture: Image.Image, limits: ImageLimits) -> None:
    jpeg = encoded(picture, "JPEG", progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    refused(jpeg[:-2] + scan * 200 + jpeg[-2:], limits, "scans")


def test_gif_comment_bomb(picture: Image.Image, limits: ImageLimits) -> None:
    gif = encoded(picture, "GIF")
    start = 13 + 3 * 2 ** ((gif[10] & 7) + 1)
    comment = b"\x21\xfe" + (b"\xff" + b"c" * 255) * 5000 + b"\0"
    refused(gif[:start] + comment + gif[start:], limits, "GIF extensions")


def test_tiff_tile_bomb(limits: ImageLimits) -> None:
    tags = [(256, 4), (257, 4), (322, 60_000), (323, 60_000)]
    body = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags)
    refused(b"II*\0" + struct.pack("<LH", 8, len(tags)) + body + b"\0" * 4, limits, "tiles")

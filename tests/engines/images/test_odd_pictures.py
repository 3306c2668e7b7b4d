"""Pictures that are fine, but not as most are."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from engines.errors import InvalidImage
from engines.images import ImageLimits, decode, probe, verify
from tests.engines.images.building import chunk, encoded, jpeg, picture, png

LIMITS = ImageLimits()


def big_tiff() -> bytes:
    """4 x 4 gray pixels of 128 (BigTIFF: 64-bit positions)."""
    entries = [(256, 4), (257, 4), (258, 8), (259, 1), (262, 1), (277, 1), (278, 4), (279, 16)]
    rows = [struct.pack("<HHQQ", tag, 3, 1, value) for tag, value in entries]
    at = 16 + 8 + 20 * (len(entries) + 1) + 8
    rows.insert(5, struct.pack("<HHQQ", 273, 16, 1, at))
    directory = struct.pack("<Q", len(rows)) + b"".join(rows) + b"\0" * 8
    return b"II" + struct.pack("<HHHQ", 43, 8, 0, 16) + directory + b"\x80" * 16


def test_a_big_tiff_is_read() -> None:
    decoded = decode(big_tiff(), LIMITS)
    assert (decoded.info.format, decoded.pixels.shape) == ("TIFF", (4, 4, 3))
    assert decoded.pixels.min() == decoded.pixels.max() == 128


def test_a_transparent_value_of_sixteen_bit_gray_is_white() -> None:
    gray = np.full((4, 6), 30_000, np.uint16)
    gray[0] = 1234
    content = encoded(Image.fromarray(gray), "PNG", transparency=1234)
    decoded = decode(content, LIMITS)
    assert decoded.info.has_alpha
    assert decoded.pixels[0].min() == 255
    assert decoded.pixels[1:].max() == round(30_000 / 257)


@pytest.mark.parametrize("side", [7000, 20_000, 65_000])
def test_a_jpeg_over_the_size_limit_hears_of_the_limit(side: int) -> None:
    content = bytearray(encoded(picture(), "JPEG"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", side, side)
    with pytest.raises(InvalidImage, match="more than 40000000 in all"):
        probe(bytes(content), LIMITS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_verifying_finds_what_is_cut_short(kind: str) -> None:
    content = encoded(picture(64, 64), kind)
    assert verify(content, LIMITS).width == 64
    with pytest.raises(InvalidImage, match="broken or truncated"):
        verify(content[: len(content) * 4 // 5], LIMITS)


def test_verifying_finds_a_cut_behind_the_first_frame() -> None:
    frames = [picture(64, 64), picture(64, 64).rotate(90)]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(gif[:-100], LIMITS).pixels.shape == (64, 64, 3)
    for cut in (gif[:-100], png()[:-1], encoded(picture(), "WEBP")[:-1]):
        with pytest.raises(InvalidImage, match="broken or truncated"):
            verify(cut, LIMITS)


def test_a_jpeg_that_never_says_its_size_is_refused_before_a_decoder_sees_it() -> None:
    for content in (b"\xff\xd8\xff" + b"\xff" * 1000, b"\xff\xd8\xff\xe0\0\2\xff\xd9"):
        with pytest.raises(InvalidImage, match="names no size"):
            probe(content, LIMITS)


def test_fill_bytes_before_a_marker_are_allowed() -> None:
    plain = jpeg((0xFE, b"note"))
    filled = plain.replace(b"\xff\xfe", b"\xff" * 5000 + b"\xff\xfe", 1)
    assert np.array_equal(decode(filled, LIMITS).pixels, decode(plain, LIMITS).pixels)


def test_metadata_of_any_size_change_no_pixel() -> None:
    plain = decode(png(), LIMITS).pixels
    bulky = png(*[chunk(b"tEXt", b"k\0" + b"a" * 200_000)] * 30)
    assert np.array_equal(decode(bulky, LIMITS).pixels, plain)

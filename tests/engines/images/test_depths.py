"""Gray, colors and palettes of every depth, as a file holds them: what is shown, and what is white
because one sees through it."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from engines.images import ImageLimits, decode, probe, verify
from tests.engines.images.building import chunk, encoded, picture

LIMITS = ImageLimits()
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
TWO_COLORS = chunk(b"PLTE", bytes([0, 0, 0, 255, 0, 0]))


def row(width: int, depth: int, color: int, samples: bytes, *extra: bytes) -> bytes:
    """A PNG of one row of pixels."""
    header = struct.pack(">LLBBBBB", width, 1, depth, color, 0, 0, 0)
    parts = (chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(b"\0" + samples)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def see_through(*values: int) -> bytes:
    return chunk(b"tRNS", words(*values))


GRAYS = {
    "1 bit": (8, 1, b"\x55", [0, 255] * 4),
    "2 bits": (4, 2, b"\x1b", [0, 85, 170, 255]),
    "4 bits": (4, 4, b"\x01\x8f", [0, 17, 136, 255]),
    "8 bits": (4, 8, bytes([0, 1, 128, 255]), [0, 1, 128, 255]),
    "16 bits": (4, 16, words(0, 257, 128 * 257, 65_535), [0, 1, 128, 255]),
}


@pytest.mark.parametrize("name", GRAYS)
def test_gray_of_any_depth_reaches_from_black_to_white(name: str) -> None:
    width, depth, samples, shown = GRAYS[name]
    decoded = decode(row(width, depth, GRAY, samples), LIMITS)
    assert decoded.pixels[0].tolist() == [[level] * 3 for level in shown]
    assert not decoded.info.has_alpha


@pytest.mark.parametrize("name", GRAYS)
@pytest.mark.parametrize("value", [0, 1])
def test_the_gray_that_is_see_through_is_white_and_no_other(name: str, value: int) -> None:
    width, depth, samples, shown = GRAYS[name]
    bits = "".join(f"{byte:08b}" for byte in samples)
    stored = [int(bits[at : at + depth], 2) for at in range(0, width * depth, depth)]
    expected = [255 if each == value else level for each, level in zip(stored, shown, strict=True)]
    decoded = decode(row(width, depth, GRAY, samples, see_through(value)), LIMITS)
    assert decoded.pixels[0, :, 0].tolist() == expected
    assert decoded.info.has_alpha


COLORED = {
    "8 bits": (8, RGB, bytes([1, 2, 3, 255, 0, 9]), [[1, 2, 3], [255, 0, 9]]),
    "16 bits": (16, RGB, words(257, 514, 0, 65_535, 0, 0), [[1, 2, 0], [255, 0, 0]]),
    "gray and alpha": (8, GRAY_ALPHA, bytes([7, 255, 7, 0]), [[7] * 3, [255] * 3]),
    "gray and alpha, 16 bits": (16, GRAY_ALPHA, words(0, 65_535, 0, 0), [[0] * 3, [255] * 3]),
    "RGBA": (8, RGBA, bytes([1, 2, 3, 255, 1, 2, 3, 0]), [[1, 2, 3], [255] * 3]),
    "RGBA, 16 bits": (16, RGBA, words(0, 0, 0, 65_535, 0, 0, 0, 0), [[0] * 3, [255] * 3]),
}


@pytest.mark.parametrize("name", COLORED)
def test_colors_of_any_depth_are_shown_over_white(name: str) -> None:
    depth, color, samples, shown = COLORED[name]
    content = row(2, depth, color, samples)
    assert decode(content, LIMITS).pixels[0].tolist() == shown
    assert probe(content, LIMITS).has_alpha is (color in (GRAY_ALPHA, RGBA))


@pytest.mark.parametrize("depth", [8, 16])
def test_the_color_that_is_see_through_is_white(depth: int) -> None:
    factor = 257 if depth == 16 else 1
    values = [1 * factor, 2 * factor, 3 * factor, 4 * factor, 5 * factor, 6 * factor]
    samples = words(*values) if depth == 16 else bytes(values)
    found = decode(row(2, depth, RGB, samples, see_through(*values[:3])), LIMITS)
    assert found.pixels[0].tolist() == [[255] * 3, [4, 5, 6]]


@pytest.mark.parametrize(
    ("alpha", "shown"),
    [
        (b"\x00", [[255] * 3, [255, 0, 0]]),  # the rest of the palette is solid
        (b"\x00\x80", [[255] * 3, [255, 127, 127]]),
        (b"\xff\xff", [[0] * 3, [255, 0, 0]]),
    ],
    ids=["the first", "both", "none"],
)
def test_every_color_of_a_palette_has_its_own_alpha(alpha: bytes, shown: list[list[int]]) -> None:
    content = row(2, 8, PALETTE, b"\x00\x01", TWO_COLORS, chunk(b"tRNS", alpha))
    assert decode(content, LIMITS).pixels[0].tolist() == shown


@pytest.mark.parametrize("palette", [TWO_COLORS, b""], ids=["a short palette", "no palette"])
def test_a_pixel_outside_of_its_palette_is_black(palette: bytes) -> None:
    pixels = decode(row(2, 8, PALETTE, b"\x00\x09", palette), LIMITS).pixels
    assert pixels[0].tolist() == [[0] * 3, [0] * 3]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_a_tiff_of_every_mode_shows_what_pillow_shows(mode: str) -> None:
    image = picture(9, 7).convert(mode)
    decoded = decode(encoded(image, "TIFF"), LIMITS)
    assert np.array_equal(decoded.pixels, np.asarray(image.convert("RGB")))
    assert decoded.info.has_alpha is (mode in ("LA", "PA", "RGBA"))


@pytest.mark.parametrize("order", ["I;16", "I;16B"])
def test_a_tiff_of_sixteen_bits_is_read_in_either_byte_order(order: str) -> None:
    image = Image.new(order, (3, 1))
    for x, value in enumerate((0, 257, 65_535)):
        image.putpixel((x, 0), value)
    assert decode(encoded(image, "TIFF"), LIMITS).pixels[0, :, 0].tolist() == [0, 1, 255]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)], ids=str)
def test_a_line_and_a_single_pixel_are_pictures(kind: str, size: tuple[int, int]) -> None:
    content = encoded(picture(*size), kind)
    assert decode(content, LIMITS).pixels.shape == (size[1], size[0], 3)
    assert verify(content, LIMITS) == decode(content, LIMITS).info


def test_a_see_through_color_of_a_gif_is_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    found = decode(encoded(image, "GIF", transparency=1), LIMITS)
    assert found.pixels[0].tolist() == [[10, 20, 30], [255, 255, 255]]
    assert found.info.has_alpha

"""Whatever a picture is stored as, it comes out as upright 8-bit RGB."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from engines.errors import InvalidImage
from engines.images import ImageLimits, decode, encode_jpeg, probe


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_give_the_very_pixels(
    kind: str, picture: Image.Image, limits: ImageLimits
) -> None:
    decoded = decode(encoded(picture, kind), limits)
    assert np.array_equal(decoded.pixels, np.asarray(picture))
    assert (decoded.info.format, decoded.info.width, decoded.info.height) == (kind, 60, 40)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_lossy_formats_come_close(kind: str, picture: Image.Image, limits: ImageLimits) -> None:
    pixels = decode(encoded(picture, kind), limits).pixels.astype(int)
    assert np.abs(pixels - np.asarray(picture)).mean() < 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(
    kind: str, orientation: int, picture: Image.Image, limits: ImageLimits
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(picture, kind, exif=exif)
    with Image.open(io.BytesIO(content)) as plain:
        expected = np.asarray(ImageOps.exif_transpose(plain).convert("RGB"))
    decoded = decode(content, limits)
    assert np.array_equal(decoded.pixels, expected)
    assert decoded.pixels.flags.c_contiguous
    assert 0x0112 in {entry.tag for entry in decoded.metadata.exif}


def test_alpha_is_laid_over_white(limits: ImageLimits) -> None:
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[:4, :, 3] = 255
    decoded = decode(encoded(Image.fromarray(rgba), "PNG"), limits)
    assert decoded.info.has_alpha
    assert decoded.pixels[0, 0].tolist() == [0, 0, 0]
    assert decoded.pixels[7, 0].tolist() == [255, 255, 255]


def test_a_transparent_palette_color_is_white(limits: ImageLimits) -> None:
    image = Image.fromarray(np.zeros((8, 8), np.uint8)).convert("P")
    decoded = decode(encoded(image, "PNG", transparency=0), limits)
    assert decoded.info.has_alpha
    assert decoded.pixels.min() == 255


def test_sixteen_bit_gray_keeps_its_range(limits: ImageLimits) -> None:
    ramp = np.linspace(0, 65_535, 64).astype(np.uint16).reshape(8, 8)
    for kind in ("PNG", "TIFF"):
        pixels = decode(encoded(Image.fromarray(ramp), kind), limits).pixels
        assert pixels[0, 0, 0] == 0
        assert pixels[7, 7, 0] == 255
        assert np.array_equal(pixels[..., 0].ravel(), np.rint(ramp.ravel() / 257).astype(int))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_png_modes(mode: str, picture: Image.Image, limits: ImageLimits) -> None:
    decoded = decode(encoded(picture.convert(mode), "PNG"), limits)
    assert decoded.pixels.shape == (40, 60, 3)
    assert decoded.pixels.dtype == np.uint8


def test_cmyk_jpeg(picture: Image.Image, limits: ImageLimits) -> None:
    decoded = decode(encoded(picture.convert("CMYK"), "JPEG", quality=95), limits)
    assert decoded.info.mode == "CMYK"
    assert np.abs(decoded.pixels.astype(int) - np.asarray(picture)).mean() < 12


def test_floating_point_pixels_are_refused(limits: ImageLimits) -> None:
    content = encoded(Image.fromarray(np.ones((8, 8), np.float32)), "TIFF")
    with pytest.raises(InvalidImage, match="floating-point"):
        decode(content, limits)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation(kind: str, limits: ImageLimits) -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "green", "blue")]
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    decoded = decode(content, limits)
    assert decoded.info.frames == (3 if kind in ("PNG", "WEBP") else 2)
    assert decoded.pixels[8, 8].tolist() == [255, 0, 0]


def test_png_text_of_every_kind_and_place(picture: Image.Image, limits: ImageLimits) -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("prompt", "ein Fuchs")
    chunks.add_text("packed", "x" * 1000, zip=True)
    chunks.add_itxt("unicode", "狐", zip=True)
    decoded = decode(encoded(picture, "PNG", pnginfo=chunks), limits)
    expected = {"prompt": "ein Fuchs", "packed": "x" * 1000, "unicode": "狐"}
    assert dict(decoded.metadata.texts) == expected


def test_probe_reads_no_pixels(picture: Image.Image, limits: ImageLimits) -> None:
    content = encoded(picture, "BMP")
    cut = content[:100]
    assert probe(cut, limits) == probe(content, limits)
    with pytest.raises(InvalidImage, match="truncated"):
        decode(cut, limits)


def test_encode_jpeg_round_trip(picture: Image.Image, limits: ImageLimits) -> None:
    content = encode_jpeg(np.asarray(picture), 90)
    assert probe(content, limits).format == "JPEG"
    assert np.abs(decode(content, limits).pixels.astype(int) - np.asarray(picture)).mean() < 4
    assert len(encode_jpeg(np.asarray(picture), 20)) < len(content)

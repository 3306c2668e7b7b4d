"""Good photographs that a too careful reader refuses: what phones write behind the pixels, sizes,
damage beside the pixels."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from engines.errors import InvalidImage
from engines.images import ImageLimits, decode, verify
from tests.engines.images.building import chunk, encoded, jpeg, picture, png

if TYPE_CHECKING:
    from tests.strangers.seeing import Judge

LIMITS = ImageLimits()
CONTAINERS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
BY_CHANCE = (b"mz\x90", b"MZ\x90\0", b"PK\x03\x04", b"%PDF", b"\x7fELF", b"<?xml", b"#!", b"Rar!")


def film(*held: bytes) -> bytes:
    """The beginning of an MP4 with these bytes somewhere in its compressed data."""
    noise = np.random.default_rng(5).integers(0, 256, 4000, dtype=np.uint8).tobytes()
    body = b"".join(noise + each for each in held) + noise
    head = struct.pack(">L", 24) + b"ftypmp42" + b"\0" * 4 + b"mp42isom"
    return head + struct.pack(">L", len(body) + 8) + b"mdat" + body


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer:
        writer.writestr("a.exe", b"hello")
    return file.getvalue()


@pytest.mark.parametrize("held", BY_CHANCE)
def test_a_motion_photo_whose_film_holds_a_signature_by_chance_is_taken(held: bytes) -> None:
    content = encoded(picture(), "JPEG") + film(held)
    assert verify(content, LIMITS).format == "JPEG"


@pytest.mark.parametrize("held", BY_CHANCE)
def test_a_gain_map_that_holds_a_signature_by_chance_is_taken(held: bytes) -> None:
    second = encoded(picture(), "JPEG")
    second = second[:2] + struct.pack(">BBH", 0xFF, 0xE2, len(held) + 2) + held + second[2:]
    assert verify(encoded(picture(), "JPEG") + second, LIMITS).format == "JPEG"


@pytest.mark.parametrize("held", BY_CHANCE)
def test_pixels_that_hold_a_signature_by_chance_are_taken(held: bytes) -> None:
    raw = np.zeros((16, 16, 3), np.uint8)
    raw.reshape(-1)[30 : 30 + len(held)] = np.frombuffer(held, np.uint8)
    for kind in ("BMP", "TIFF"):
        assert verify(encoded(Image.fromarray(raw), kind), LIMITS).format == kind


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_picture_with_an_archive_behind_it_is_still_refused(kind: str) -> None:
    with pytest.raises(InvalidImage, match="another file"):
        verify(encoded(picture(), kind) + archive(), LIMITS)


def test_a_large_jpeg_hears_of_the_limit_and_not_of_damage() -> None:
    content = bytearray(encoded(picture(), "JPEG"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 14_000, 14_000)
    with pytest.raises(InvalidImage, match="14000 x 14000 pixels, more than 40000000"):
        verify(bytes(content), LIMITS)


@pytest.mark.parametrize("depth", [8, 16])
def test_what_is_transparent_in_gray_is_white_at_any_depth(depth: int) -> None:
    gray = np.full((4, 6), 100 if depth == 8 else 25_700, np.uint8 if depth == 8 else np.uint16)
    gray[0] = 7
    pixels = decode(encoded(Image.fromarray(gray), "PNG", transparency=7), LIMITS).pixels
    assert (pixels[0].min(), pixels[1:].min(), pixels[1:].max()) == (255, 100, 100)


def shallow(depth: int, color_type: int, see_through: bytes, row: bytes, width: int) -> bytes:
    """A PNG of one row."""
    header = struct.pack(">LLBBBBB", width, 1, depth, color_type, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tRNS", see_through)
    return start + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (shallow(1, 0, b"\0\0", b"\x40", 2), [255, 255]),
        (shallow(2, 0, b"\0\1", b"\x60", 2), [255, 170]),
        (shallow(4, 0, b"\0\7", b"\x78", 2), [255, 136]),
        (shallow(8, 2, struct.pack(">3H", 7, 8, 9), bytes([7, 8, 9, 7, 8, 8]), 2), [255, 7]),
        (
            shallow(16, 2, struct.pack(">3H", 7, 8, 9), struct.pack(">6H", 7, 8, 9, 7000, 8, 9), 2),
            [255, 27],
        ),
    ],
)
def test_a_transparent_color_is_white_at_any_depth(content: bytes, shown: list[int]) -> None:
    assert decode(content, LIMITS).pixels[0, :, 0].tolist() == shown


DAMAGED = {
    "EXIF of JPEG": jpeg((0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")),
    "EXIF of PNG": png(chunk(b"eXIf", b"MM\0*\0\0")),
    "EXIF of WebP": encoded(picture(), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\1\0"),
    "packed text": png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"hello " * 500)[:-9])),
    "packed international text": png(chunk(b"iTXt", b"Comment\0\1\0\0\0not zlib")),
    "XMP": jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:RDF")),
    "Photoshop resources": jpeg((0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff")),
}


@pytest.mark.parametrize("where", DAMAGED)
def test_damage_beside_good_pixels_is_said_and_refuses_nothing(judge: Judge, where: str) -> None:
    content = DAMAGED[where]
    assert verify(content, LIMITS).width > 0
    report = judge.validator().validate(content, "k")
    assert [issue.type for issue in report.issues] == ["metadata_damaged"]
    assert not report.passed


def test_a_scan_of_a_big_tiff_is_read() -> None:
    content = encoded(picture(), "TIFF", big_tiff=True)
    assert content[2] == 43
    assert verify(content, LIMITS).format == "TIFF"


def cut(content: bytes) -> bytes:
    return content[: len(content) * 3 // 4]


@pytest.mark.parametrize("kind", [*CONTAINERS, "AVIF"])
@pytest.mark.parametrize("options", [{}, {"save_all": True, "append_images": [picture(96, 64)]}])
def test_a_file_cut_on_its_way_is_refused_at_upload(kind: str, options: dict[str, Any]) -> None:
    content = encoded(picture(96, 64), kind, **({} if kind in ("JPEG", "BMP") else options))
    assert verify(content, LIMITS).width == 96
    with pytest.raises(InvalidImage):
        verify(cut(content), LIMITS)

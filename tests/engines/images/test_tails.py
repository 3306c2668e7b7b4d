"""What stands behind a picture: a phone's further pictures and films are fine, files are not."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from engines.errors import InvalidImage
from engines.images import ImageLimits, decode
from engines.images.tails import carries_a_file
from tests.engines.images.building import encoded, picture

LIMITS = ImageLimits()
KINDS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")


def archive(comment: bytes = b"", name: str = "a.txt") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr(name, "hello " * 50)
        writer.comment = comment
    return file.getvalue()


def elf(bits: int, order: str) -> bytes:
    head = bytes([0x7F]) + b"ELF" + bytes([bits, 1 if order == "<" else 2, 1]) + b"\0" * 9
    rest = struct.pack(order + "HHL", 2, 62, 1) + b"\0" * (16 if bits == 1 else 28)
    return head + rest + struct.pack(order + "H", 52 if bits == 1 else 64) + b"\0" * 20


def windows() -> bytes:
    return (
        b"MZ\x90" + b"\0" * 57 + struct.pack("<L", 128) + b"\0" * 64 + b"PE\0\0\x64\x86" + b"\0" * 9
    )


PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\nxref\n0 1\ntrailer<<>>\nstartxref\n9\n%%EOF\n"
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
FILES = {
    "zip": archive(),
    "zip with a comment": archive(b"x" * 300),
    "pdf": PDF,
    "html": HTML,
    "php": b"<?php system($_GET[0]); ?>",
    "elf 64": elf(2, "<"),
    "elf 32 big-endian": elf(1, ">"),
    "windows": windows(),
    "rar": b"Rar!\x1a\x07\x01\0" + b"\0" * 40,
    "7z": b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 40,
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_with_a_real_file_behind_it_is_refused(kind: str, name: str) -> None:
    with pytest.raises(InvalidImage, match="another file"):
        decode(encoded(picture(), kind) + FILES[name], LIMITS)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("between", [b"\0" * 700, b" \r\n", b"\xef\xbb\xbf", b"some other bytes "])
def test_padding_between_them_hides_nothing(between: bytes, name: str) -> None:
    with pytest.raises(InvalidImage, match="another file"):
        decode(encoded(picture(), "JPEG") + between + FILES[name], LIMITS)


@pytest.mark.parametrize("name", FILES)
def test_a_second_picture_between_them_hides_nothing(name: str) -> None:
    jpeg = encoded(picture(), "JPEG")
    with pytest.raises(InvalidImage, match="another file"):
        decode(jpeg + jpeg + FILES[name], LIMITS)


@pytest.mark.parametrize(
    "rider", [b"PK\x03\x04archive", b"%PDF-1.4", b"<?php x();", b"#!/bin/sh\n"]
)
def test_the_beginning_of_a_file_is_refused_where_the_picture_ends(rider: bytes) -> None:
    with pytest.raises(InvalidImage, match="another file"):
        decode(encoded(picture(), "JPEG") + rider, LIMITS)


@pytest.mark.parametrize("kind", KINDS)
def test_harmless_padding_is_no_file(kind: str) -> None:
    assert decode(encoded(picture(), kind) + b"\0" * 64, LIMITS).pixels.shape == (16, 24, 3)


def test_signatures_that_compressed_data_hold_by_chance_are_no_file() -> None:
    """A film or a second picture of a few MB holds each short signature now and then."""
    noise = np.random.default_rng(1).integers(0, 256, 200_000, dtype=np.uint8).tobytes()
    short = [
        b"mz\x90",
        b"MZ\x90",
        b"PK\x03\x04",
        b"#!/",
        b"%PDF-",
        b"\x7fELF",
        b"<svg ",
        b"7z\xbc\xaf",
    ]
    film = b"\0\0\0\x18ftypmp42\0\0\0\0" + b"".join(noise + each for each in short) + noise
    content = encoded(picture(), "JPEG")
    assert decode(content + film, LIMITS).info.format == "JPEG"
    second = encoded(picture(), "JPEG")
    assert decode(content + second[:-2] + film + second[-2:], LIMITS).info.format == "JPEG"


def test_a_phones_picture_in_picture_is_its_first_picture() -> None:
    content = encoded(picture(), "MPO", save_all=True, append_images=[picture()])
    decoded = decode(content, LIMITS)
    assert (decoded.info.format, decoded.info.frames) == ("JPEG", 1)


def test_an_xmp_packet_behind_the_picture_is_no_web_page() -> None:
    packet = b'\0\0\0\x20uuid<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    assert decode(encoded(picture(), "JPEG") + packet, LIMITS).info.format == "JPEG"


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_whole_picture_that_no_check_would_look_at_is_another_file(kind: str) -> None:
    behind = io.BytesIO()
    Image.new("RGB", (8, 8)).save(behind, kind)
    assert carries_a_file(b"pixels" + behind.getvalue(), 6)
    assert carries_a_file(b"pixels\0\0" + behind.getvalue(), 6)

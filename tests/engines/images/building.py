"""Image files that are built byte by byte, which libraries would not write."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(width: int = 24, height: int = 16) -> Image.Image:
    """A picture of noise, so that its files have long compressed data."""
    noise = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def png(*extra: bytes) -> bytes:
    """An 8 x 8 PNG with these chunks before its pixels."""
    header = struct.pack(">LLBBBBB", 8, 8, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 25 * 8))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + b"".join(extra) + pixels + chunk(b"IEND", b"")


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    """A JPEG file with these (marker, body) segments after its start marker."""
    plain = encoded(picture(), "JPEG")
    extra = (struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments)
    return plain[:2] + b"".join(extra) + plain[2:]


def tiff(*entries: tuple[int, int, bytes], big: bool = False, order: str = "<") -> bytes:
    """A TIFF structure of one directory; each entry is tag, type and value (count as of bytes)."""
    word, size = ("Q", 8) if big else ("L", 4)
    magic = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    head = magic + (struct.pack(order + "HHQ", 8, 0, 16) if big else struct.pack(order + "L", 8))
    count = struct.pack(order + ("Q" if big else "H"), len(entries))
    at = len(head) + len(count) + len(entries) * (4 + 2 * size) + size
    rows, values = b"", b""
    for tag, kind, value in entries:
        row = struct.pack(f"{order}HH{word}", tag, kind, len(value))
        if len(value) <= size:
            rows += row + value.ljust(size, b"\0")
        else:
            rows += row + struct.pack(order + word, at + len(values))
            values += value
    return head + count + rows + b"\0" * size + values


def photoshop(*resources: tuple[int, bytes]) -> bytes:
    """Image resource blocks without names."""
    return b"".join(
        b"8BIM" + struct.pack(">HHL", number, 0, len(body)) + body + b"\0" * (len(body) % 2)
        for number, body in resources
    )


def iptc(*data_sets: tuple[int, int, bytes]) -> bytes:
    """IPTC-IIM data sets: record, number, value."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
        for record, number, value in data_sets
    )


def raw_profile(kind: str, body: bytes) -> bytes:
    """The text of a raw profile, as ImageMagick writes it."""
    digits = body.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return f"\n{kind}\n{len(body):8d}\n{lines}\n".encode()

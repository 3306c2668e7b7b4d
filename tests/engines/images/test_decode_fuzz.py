"""Any bytes: a result or `InvalidImage`, and nothing else."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engines.errors import InvalidImage
from engines.images import ImageLimits, decode, probe

LIMITS = ImageLimits(max_pixels=250_000, max_side_px=2048, max_bytes=1_000_000)
MAGICS = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"\xff\xd8\xff\xe1\0\x20Exif\0\0II*\0",
    b"GIF89a",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"BM",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
)


def seeds() -> list[bytes]:
    rng = np.random.default_rng(5)
    image = Image.fromarray(rng.integers(0, 256, (24, 20, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    variants: list[tuple[str, str, dict[str, Any]]] = [
        ("RGB", "PNG", {"exif": exif}),
        ("P", "PNG", {}),
        ("LA", "PNG", {}),
        ("RGB", "JPEG", {"exif": exif}),
        ("CMYK", "JPEG", {}),
        ("RGB", "JPEG", {"progressive": True}),
        ("RGB", "WEBP", {}),
        ("RGBA", "WEBP", {"lossless": True, "exif": exif}),
        ("RGB", "BMP", {}),
        ("P", "GIF", {"save_all": True, "append_images": [image.convert("P")]}),
        ("RGB", "TIFF", {"exif": exif}),
        ("RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("L", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ]
    contents = []
    for mode, kind, options in variants:
        file = io.BytesIO()
        image.convert(mode).save(file, kind, **options)
        contents.append(file.getvalue())
    return contents


SEEDS = seeds()


def survives(content: bytes) -> bool:
    """Whether it decodes; anything but a result or `InvalidImage` fails the test."""
    refusal: InvalidImage | None = None
    try:
        probe(content, LIMITS)
        decoded = decode(content, LIMITS)
    except InvalidImage as error:
        refusal = error
    if refusal is not None:
        assert refusal.faults[0].parameter == "image"
        assert len(refusal.message) < 200
        return False
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.ndim == 3
    assert decoded.pixels.shape[2] == 3
    assert decoded.pixels.size <= 3 * LIMITS.max_pixels
    return True


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_seeds_decode(seed: int) -> None:
    assert survives(SEEDS[seed])


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(magic=st.sampled_from(MAGICS), tail=st.binary(max_size=300))
def test_random_bytes_behind_a_magic(magic: bytes, tail: bytes) -> None:
    survives(magic + tail)


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    keep=st.floats(0.05, 1),
)
def test_edited_and_cut_files(seed: bytes, edits: list[tuple[float, int]], keep: float) -> None:
    content = bytearray(seed)
    for place, value in edits:
        content[int(place * len(content))] = value
    survives(bytes(content[: max(1, int(keep * len(content)))]))


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_a_corpus_of_broken_headers(seed: int) -> None:
    """Every byte of the first 64 set to three values, and 60 random splices."""
    content, rng = SEEDS[seed], random.Random(seed)
    outcomes = set()
    for at in range(min(64, len(content))):
        for value in (0, 0x7F, 0xFF):
            outcomes.add(survives(content[:at] + bytes([value]) + content[at + 1 :]))
    for _ in range(60):
        left, right = rng.randrange(len(content)), rng.randrange(len(content))
        outcomes.add(survives(content[:left] + content[right:]))
    assert outcomes == {True, False}

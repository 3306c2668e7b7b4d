"""A file that was cut anywhere, or changed in a byte of its head, is refused or read: no third."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from engines.errors import InvalidImage
from engines.images import (
    FurtherLimits,
    ImageLimits,
    decode,
    further_pictures,
    probe,
    verify,
)
from tests.engines.images.building import chunk, jpeg, picture, png

LIMITS = ImageLimits(max_pixels=100_000, max_side_px=1024, max_bytes=100_000)
READERS: tuple[Callable[[bytes], object], ...] = (
    lambda content: decode(content, LIMITS),
    lambda content: verify(content, LIMITS),
    lambda content: probe(content, LIMITS),
    lambda content: further_pictures(content, LIMITS, FurtherLimits()),
)
KINDS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")


@cache
def whole(kind: str) -> bytes:
    """A small file of that kind with as many of its parts as a few hundred bytes hold."""
    image, file = picture(9, 7), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a fox"
    if kind == "PNG":
        return png(chunk(b"tEXt", b"Comment\0a fox"), chunk(b"iTXt", b"k\0\0\0\0\0v"))
    if kind == "JPEG":
        return jpeg((0xFE, b"a fox"), (0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0"))
    options: dict[str, dict[str, Any]] = {
        "GIF": {
            "comment": b"a fox",
            "save_all": True,
            "append_images": [picture(9, 7).rotate(180)],
        },
        "WEBP": {"exif": exif},
        "AVIF": {"exif": exif} if features.check("avif") else {},
    }
    small = image.convert("P", colors=4) if kind == "GIF" else image
    small.save(file, kind, **options.get(kind, {}))
    return file.getvalue()


def outcome(content: bytes) -> list[str]:
    """What each reader did; any error but `InvalidImage` comes through."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow says so of damaged files
        for read in READERS:
            try:
                read(content)
            except InvalidImage:
                found.append("refused")
            else:
                found.append("read")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_file_is_read_by_everybody(kind: str) -> None:
    assert outcome(whole(kind)) == ["read"] * len(READERS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_anywhere_is_refused_or_read(kind: str) -> None:
    content = whole(kind)
    for length in range(0, len(content), 2 if kind in ("GIF", "TIFF") else 3):
        outcome(content[:length])


@pytest.mark.parametrize("kind", KINDS)
def test_hardly_anything_of_a_file_is_no_picture(kind: str) -> None:
    for length in range(12):
        assert outcome(whole(kind)[:length])[:3] == ["refused"] * 3


@pytest.mark.parametrize("value", [0x00, 0x7F, 0xFF])
@pytest.mark.parametrize("kind", KINDS)
def test_any_byte_of_the_head_may_be_wrong(kind: str, value: int) -> None:
    content = whole(kind)
    for place in range(0, min(len(content), 90), 3):
        outcome(content[:place] + bytes([value]) + content[place + 1 :])


@pytest.mark.parametrize("ending", [b"\x21", b"\x21\xfe", b"\x21\xff", b"\x2c", b"\x21\xf9\x04"])
def test_a_gif_may_end_in_the_middle_of_a_block(ending: bytes) -> None:
    """The upload of a broken connection: an invalid image, and no failure of ours."""
    file = io.BytesIO()
    picture(4, 4).convert("P", colors=4).save(file, "GIF")
    cut = file.getvalue().removesuffix(b";") + ending
    assert len(outcome(cut)) == len(READERS)
    assert np.asarray(decode(file.getvalue(), LIMITS).pixels).shape == (4, 4, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_behind_a_whole_file_does_not_change_its_pixels(kind: str) -> None:
    plain = decode(whole(kind), LIMITS).pixels
    assert np.array_equal(decode(whole(kind) + b"\0" * 32, LIMITS).pixels, plain)


@pytest.mark.parametrize("kind", KINDS)
def test_all_readers_agree_on_kind_and_size(kind: str) -> None:
    content = whole(kind)
    told, seen = probe(content, LIMITS), decode(content, LIMITS)
    assert told.format == seen.info.format == kind
    assert (told.width, told.height) == (seen.info.width, seen.info.height)
    width, height = verify(content, LIMITS).upright_size
    assert seen.pixels.shape == (height, width, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_our_own_memory(kind: str) -> None:
    pixels = decode(whole(kind), LIMITS).pixels
    pixels[:] = 0
    assert pixels.flags["C_CONTIGUOUS"]
    assert decode(whole(kind), LIMITS).pixels.any() or kind == "PNG"


@pytest.mark.parametrize("kind", KINDS)
def test_limits_are_met_to_the_last_byte_and_pixel(kind: str) -> None:
    content = whole(kind)
    info = probe(content, LIMITS)
    pixels = info.width * info.height
    exact = ImageLimits(
        max_bytes=len(content), max_pixels=pixels, max_side_px=max(info.width, info.height)
    )
    assert decode(content, exact).info.format == kind
    for change, words in (
        ({"max_bytes": len(content) - 1}, "larger than"),
        ({"max_pixels": pixels - 1}, "pixels"),
        ({"max_side_px": max(info.width, info.height) - 1}, "side over"),
        ({"formats": tuple(each for each in KINDS if each != kind)}, "not in a supported format"),
    ):
        with pytest.raises(InvalidImage, match=words):
            decode(content, exact.model_copy(update=change))

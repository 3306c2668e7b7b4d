"""Pieces of decoding by themselves: turning, modes, metadata, frames, the ring of thumbnails."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from engines.errors import InvalidImage
from engines.images import (
    FurtherLimits,
    ImageInfo,
    ImageLimits,
    Metadata,
    decode,
    further_pictures,
    probe,
    verify,
)
from engines.images.containers import sniff
from engines.images.further import spread
from engines.images.metadata import orientation_of
from engines.images.model import ExifField, check_size, refuse
from engines.images.pixels import has_alpha, to_rgb, upright
from engines.images.small import KeptPictures
from tests.engines.images.building import chunk, encoded, jpeg, picture, png

LIMITS = ImageLimits()
CORNERS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_pillow_turns_it(orientation: int) -> None:
    image = Image.fromarray(CORNERS)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    found = upright(CORNERS, orientation)
    assert np.array_equal(found, expected)
    assert found.flags["C_CONTIGUOUS"]
    info = ImageInfo("JPEG", 4, 2, "RGB", orientation=orientation)
    assert info.upright_size == (expected.shape[1], expected.shape[0])


@pytest.mark.parametrize("orientation", [0, 9, 255, -1])
def test_an_orientation_that_is_none_turns_nothing(orientation: int) -> None:
    assert np.array_equal(upright(CORNERS, orientation), CORNERS)


@pytest.mark.parametrize(
    ("value", "orientation"),
    [
        *((b"\x06\x00", 6), (b"\x00\x06", 6), (b"\x08\x00\xff", 8), (b"\x01\x00", 1)),
        *((b"\x00\x00", 1), (b"\x09\x00", 1), (b"\x06", 1), (b"", 1), (b"\xff\xff", 1)),
    ],
)
def test_an_orientation_is_read_in_either_byte_order(value: bytes, orientation: int) -> None:
    found = Metadata(exif=(ExifField("main", 0x0112, 3, value),))
    assert orientation_of(found) == orientation
    elsewhere = Metadata(exif=(ExifField("exif", 0x0112, 3, value),))
    assert orientation_of(elsewhere) == 1


# Modes


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_every_mode_becomes_rgb_of_its_own_memory(mode: str) -> None:
    image = picture(6, 5).convert(mode)
    found = to_rgb(image)
    assert found.shape == (5, 6, 3)
    assert found.dtype == np.uint8
    found[:] = 0
    assert to_rgb(image).any()


@pytest.mark.parametrize(("mode", "see_through"), [("RGBA", True), ("LA", True), ("RGB", False)])
def test_what_can_be_seen_through_is_told(mode: str, see_through: bool) -> None:
    assert has_alpha(picture(4, 4).convert(mode)) is see_through


@pytest.mark.parametrize(("alpha", "gray"), [(0, 255), (255, 0), (128, 127)])
def test_alpha_is_laid_over_white_by_its_share(alpha: int, gray: int) -> None:
    image = Image.new("RGBA", (3, 2), (0, 0, 0, alpha))
    assert np.abs(to_rgb(image).astype(int) - gray).max() <= 1


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (128, 0), (129, 1), (257, 1), (65_535, 255)])
def test_sixteen_bits_become_eight_by_rounding(value: int, shown: int) -> None:
    image = Image.fromarray(np.full((2, 2), value, np.uint16))
    assert to_rgb(image)[0, 0].tolist() == [shown] * 3


@pytest.mark.parametrize("value", [-1, 65_536, 2**31 - 1])
def test_more_than_sixteen_bits_are_refused(value: int) -> None:
    image = Image.fromarray(np.full((2, 2), value, np.int32))
    with pytest.raises(InvalidImage, match="32-bit"):
        to_rgb(image)


# Frames


@given(st.integers(0, 400), st.integers(1, 60))
@settings(max_examples=150)
def test_places_are_spread_evenly_with_both_ends(count: int, most: int) -> None:
    places = spread(count, most)
    assert len(places) == min(count, most)
    assert places == sorted(set(places))
    if places:
        assert places[0] == 0
        assert places[-1] == count - 1 or most == 1
    steps = np.diff(places)
    assert steps.size == 0 or steps.max() - steps.min() <= 1


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_every_frame_of_an_animation_is_found_once(frames: int) -> None:
    images = [picture(20, 16).rotate(90 * n) for n in range(frames)]
    content = encoded(images[0], "PNG", save_all=True, append_images=images[1:])
    found = further_pictures(content, LIMITS, FurtherLimits())
    seen = [each.name for each in found.pictures]
    assert seen == [f"frame {n + 1} of {frames}" for n in range(1, min(frames, 4))]
    assert found.unread == []


def test_frames_behind_the_budget_are_told_and_not_decoded() -> None:
    images = [picture(20, 16).rotate(90 * n) for n in range(4)]
    content = encoded(images[0], "PNG", save_all=True, append_images=images[1:])
    clock = iter([0.0, *([99.0] * 50)])
    found = further_pictures(content, LIMITS, FurtherLimits(), lambda: next(clock))
    assert (found.pictures, found.unread) == ([], ["3 of 4 frames"])


def test_a_plain_picture_has_no_further_ones() -> None:
    found = further_pictures(encoded(picture(), "PNG"), LIMITS, FurtherLimits())
    assert (found.pictures, found.unread) == ([], [])


# Metadata


def test_words_of_a_png_and_a_jpeg_are_told() -> None:
    text = chunk(b"tEXt", b"Author\0M\xfcller") + chunk(b"iTXt", "k\0\0\0\0\0狐".encode())
    found = decode(png(text), LIMITS).metadata
    assert found.texts == (("Author", "Müller"), ("k", "狐"))
    comment = decode(jpeg((0xFE, "Zürich".encode())), LIMITS).metadata
    assert comment.texts == (("Comment", "Zürich"),)


def test_words_beyond_the_budget_are_told_to_be_unread() -> None:
    limits = ImageLimits(max_metadata_bytes=1024)
    found = decode(png(chunk(b"tEXt", b"k\0" + b"x" * 2000)), limits).metadata
    assert found.unread == ("PNG text",)
    assert len(found.texts[0][1]) == 1024


@pytest.mark.parametrize("body", [b"k\0\0no zlib", b"k\0\0", b"k"])
def test_a_packed_text_that_is_broken_stops_nothing(body: bytes) -> None:
    found = decode(png(chunk(b"zTXt", body)), LIMITS)
    assert found.metadata.damaged == ("PNG text 'k'",)
    assert found.pixels.shape == (8, 8, 3)


# Limits and kinds


@pytest.mark.parametrize("size", [(4, 5), (20, 1), (1, 20)])
def test_a_size_at_the_limit_is_taken_and_one_more_pixel_is_not(size: tuple[int, int]) -> None:
    check_size(size, ImageLimits(max_pixels=20, max_side_px=20))
    for limits in (ImageLimits(max_pixels=19), ImageLimits(max_side_px=max(size) - 1)):
        with pytest.raises(InvalidImage, match=f"{size[0]} x {size[1]}"):
            check_size(size, limits)


def test_a_refusal_is_a_sentence_about_the_image() -> None:
    error = refuse("is empty (0 bytes)")
    assert error.message == "Invalid parameter: image is empty (0 bytes)"
    assert error.details == {"parameter": "image", "value": None, "constraint": "a decodable image"}


@pytest.mark.parametrize(
    "content", [b"", b"\x89", b"GIF", b"RIFF1234WEB", b"II", b"text", b"\0" * 64]
)
def test_what_announces_no_picture_is_none(content: bytes) -> None:
    assert sniff(content) is None
    for read in (decode, probe, verify):
        with pytest.raises(InvalidImage):
            read(content, LIMITS)


# The ring


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 40)), max_size=40))
@settings(max_examples=120)
def test_a_ring_gives_what_was_put_last_or_nothing(puts: list[tuple[str, int]]) -> None:
    ring, last = KeptPictures(64), dict[str, bytes]()
    for number, (name, length) in enumerate(puts):
        last[name] = bytes([number % 256]) * length
        ring.put(name, last[name])
        assert ring.get(name) == last[name]
        for other, content in last.items():
            assert ring.get(other) in (None, content)


def test_a_ring_forgets_by_the_beginning_of_names() -> None:
    ring = KeptPictures(64)
    names: list[Any] = ["a/1", "a/2", "b/1"]
    for name in names:
        ring.put(name, io.BytesIO(name.encode()).getvalue())
    ring.forget("a/")
    assert [ring.get(name) for name in names] == [None, None, b"b/1"]

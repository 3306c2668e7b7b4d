"""PNG files with words in them: what is written comes back, and what is broken stops nothing."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from engines.errors import GenerationFailed
from engines.images import ImageLimits, decode
from engines.images.formats.png import MAGIC, MARK, chunks, without_mark
from engines.images.png_text import encode_png, read_png_text
from tests.engines.images.building import chunk, png

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXELS = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def read(content: bytes) -> dict[str, str]:
    return read_png_text(io.BytesIO(content))


def itxt(keyword: bytes, value: bytes, packed: int = 0, language: bytes = b"") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + bytes([packed, 0]) + language + b"\0\0" + value)


@pytest.mark.parametrize(
    "text",
    [
        {},
        {"k": ""},
        {"Comment": "a fox"},
        {"a": "1", "b": "2", "c": "3"},
        {"clé": "une valeur"},
        {"k": "鳥 🦊 \u2028 \x00 end"},
        {"k" * 79: "x" * 100_000},
    ],
)
def test_words_come_back_as_they_were(text: dict[str, str]) -> None:
    content = encode_png(PIXELS, text)
    assert read(content) == text
    with Image.open(io.BytesIO(content)) as image:
        assert np.array_equal(np.asarray(image), PIXELS)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (500, 1, 3), (64, 64, 3)])
def test_pixels_of_any_size_are_kept_exactly(shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    assert np.array_equal(decode(encode_png(pixels, {}), ImageLimits()).pixels, pixels)


def test_a_window_of_pixels_is_encoded_as_its_copy() -> None:
    assert encode_png(PIXELS[1:4, 2:6], {}) == encode_png(PIXELS[1:4, 2:6].copy(), {})
    assert encode_png(PIXELS[:, ::-1], {}) == encode_png(PIXELS[:, ::-1].copy(), {})


def test_the_same_pixels_and_words_are_the_same_file() -> None:
    assert encode_png(PIXELS, {"k": "v"}) == encode_png(PIXELS, {"k": "v"})


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
    ],
    ids=lambda pixels: f"{pixels.dtype} {pixels.shape}",
)
def test_what_is_no_picture_is_refused(pixels: NDArray[Any]) -> None:
    with pytest.raises(GenerationFailed, match="Not an RGB image"):
        encode_png(pixels, {})


@pytest.mark.parametrize("content", [b"", b"\x89PNG", MAGIC, b"GIF89a", b"\xff\xd8\xff", b"text"])
def test_what_is_no_png_has_no_words(content: bytes) -> None:
    assert read(content) == {}


def test_a_png_that_is_cut_anywhere_has_the_words_before_the_cut() -> None:
    content = encode_png(PIXELS, {"a": "1", "b": "2"})
    seen = [read(content[:length]) for length in range(len(content))]
    assert {len(each) for each in seen} == {0, 1, 2}
    counts = [len(each) for each in seen]
    assert counts == sorted(counts)


def test_words_that_were_changed_on_their_way_do_not_count() -> None:
    content = encode_png(PIXELS, {"a": "1", "b": "secret"})
    assert read(content.replace(b"secret", b"SECRET")) == {"a": "1"}


@pytest.mark.parametrize(
    "part",
    [
        chunk(b"tEXt", b"k\0v"),
        chunk(b"zTXt", b"k\0\0" + zlib.compress(b"v")),
        itxt(b"k", zlib.compress(b"v"), packed=1),
        itxt(b"k", b"v", language=b"de"),
    ],
    ids=["tEXt", "zTXt", "packed", "translated"],
)
def test_words_that_others_wrote_in_another_way_are_left_to_others(part: bytes) -> None:
    assert read(png(part)) == {}


def test_what_is_no_utf_8_is_marked_and_does_not_stop() -> None:
    assert read(png(itxt(b"k", b"\xff\xfe"), itxt(b"l", b"v"))) == {"k": "\ufffd\ufffd", "l": "v"}


def test_of_a_keyword_that_is_there_twice_the_last_counts() -> None:
    assert read(png(itxt(b"k", b"1"), itxt(b"k", b"2"))) == {"k": "2"}


def test_words_behind_the_pixels_are_not_read() -> None:
    content = png()
    end = content.index(b"IEND") - 4
    assert read(content[:end] + itxt(b"k", b"v") + content[end:]) == {}


def test_a_chunk_that_claims_to_be_huge_is_passed_over() -> None:
    huge = struct.pack(">L", 2**31) + b"iTXt" + b"k\0\0\0\0\0v"
    assert read(MAGIC + huge) == {}


def test_a_text_of_more_than_a_mebibyte_is_passed_over() -> None:
    assert read(png(itxt(b"k", b"x" * 2**20), itxt(b"l", b"v"))) == {"l": "v"}


def test_words_behind_a_thousand_chunks_are_not_looked_for() -> None:
    empty = chunk(b"teSt", b"")
    assert read(png(empty * 1000, itxt(b"k", b"v"))) == {"k": "v"}
    assert read(png(empty * 1100, itxt(b"k", b"v"))) == {}


# Marks


def test_a_mark_is_taken_out_and_nothing_else() -> None:
    plain = png(itxt(b"k", b"v"))
    assert without_mark(png(itxt(b"k", b"v"), chunk(MARK, b"signed"))) == plain
    assert without_mark(png(chunk(MARK, b"1"), itxt(b"k", b"v"), chunk(MARK, b"2"))) == plain


@pytest.mark.parametrize("content", [b"", b"caBX", b"\xff\xd8\xffcaBX", png(), png() + b"caBX"])
def test_what_has_no_mark_stays_as_it_is(content: bytes) -> None:
    assert without_mark(content) == content


def test_chunks_say_where_they_are() -> None:
    content = png(chunk(b"teSt", b"12345"))
    found = list(chunks(io.BytesIO(content)))
    assert [each.kind for each in found] == [b"IHDR", b"teSt", b"IDAT", b"IEND"]
    assert content[found[1].start : found[1].start + found[1].length] == b"12345"
    assert found[-1].end == len(content)

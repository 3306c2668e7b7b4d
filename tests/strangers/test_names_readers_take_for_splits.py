"""A name inside an export never means more to a reader than a name."""

from __future__ import annotations

import fnmatch

import pytest
from datasets.data_files import (
    DEFAULT_PATTERNS_SPLIT_IN_DIR_NAME,
    DEFAULT_PATTERNS_SPLIT_IN_FILENAME,
    SPLIT_KEYWORDS,
)

from engines.datasets.writers.encoding.names import neutral_name

KEYWORDS = [word for words in SPLIT_KEYWORDS.values() for word in words]
PATTERNS = [
    pattern
    for patterns in (DEFAULT_PATTERNS_SPLIT_IN_DIR_NAME, DEFAULT_PATTERNS_SPLIT_IN_FILENAME)
    for every in patterns.values()
    for pattern in every
]
SHAPES = [
    "{}/a.png",
    "x/{}/a.png",
    "{}.png",
    "a-{}.png",
    "{}_1.png",
    "my {} set/b/a.png",
    "9{}9.png",
]


def means_a_split(path: str) -> bool:
    """Whether one of the patterns of `datasets` matches, at any level."""
    return any(
        fnmatch.fnmatchcase(f"/root/{path}", "*" + pattern.replace("**", "*"))
        for pattern in PATTERNS
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("keyword", KEYWORDS)
def test_no_split_of_a_reader_is_left_in_a_name(keyword: str, shape: str) -> None:
    name = shape.format(keyword)
    assert means_a_split(name)
    neutral = neutral_name(name, None)
    assert not means_a_split(neutral)
    assert neutral.endswith(".png")
    assert neutral == neutral_name(name, None)


@pytest.mark.parametrize(
    "name", ["a.png", "cats/1.jpg", "trainer.png", "attest/ü 山+1.webp", "testament.gif", "1.TIFF"]
)
def test_other_names_stay_as_they_are(name: str) -> None:
    assert neutral_name(name, None) == name


@pytest.mark.parametrize(
    "name", ["__raw/a.png", "a[1].png", "what?.png", "a*.png", "http://x/a.png", "end./a.png"]
)
def test_names_that_readers_hide_or_expand_are_replaced(name: str) -> None:
    neutral = neutral_name(name, None)
    assert not any(char in neutral for char in "*?[]:")
    assert not any(part.startswith(("__", ".")) for part in neutral.split("/"))


def test_a_suffix_that_no_reader_knows_becomes_that_of_the_format() -> None:
    assert neutral_name("photo.mpo", "JPEG").endswith(".jpg")
    assert neutral_name("no_suffix", "PNG").endswith(".png")
    assert neutral_name("scan.0001", "TIFF").endswith(".tiff")


def test_different_names_stay_different() -> None:
    names = [f"{part}/{n}.png" for part in ("train", "test", "Train", "x") for n in range(50)]
    assert len({neutral_name(name, None) for name in names}) == len(names)

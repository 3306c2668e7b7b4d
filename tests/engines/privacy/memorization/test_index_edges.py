"""Search for near-duplicates at the ends of its range, and pictures that tell nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.metrics.phash import phash64, phash64_with_mirror
from engines.privacy.memorization import HashIndex, Neighbor, references_from_hashes
from engines.privacy.memorization.embedding import nearest_face
from engines.privacy.memorization.references import is_telling

TOP = 2**64 - 1


@pytest.mark.parametrize("wanted", [0, 1, 1 << 63, TOP])
def test_at_distance_zero_only_an_equal_hash_is_near(wanted: int) -> None:
    index = HashIndex([wanted], 0)
    assert index.nearest([wanted]) == Neighbor(0, 0)
    assert index.nearest([wanted ^ 1]) is None
    assert index.nearest([wanted ^ TOP]) is None


def test_the_largest_distance_still_counts_and_one_more_does_not() -> None:
    index = HashIndex([0], 8)
    assert index.nearest([0b1111_1111]) == Neighbor(0, 8)
    assert index.nearest([0b1_1111_1111]) is None


def test_of_references_that_are_equally_near_the_first_is_named() -> None:
    assert HashIndex([0b11, 0b01, 0b10], 8).nearest([0]) == Neighbor(1, 1)


def test_without_a_hash_to_look_for_there_is_no_neighbor() -> None:
    assert HashIndex([1, 2], 8).nearest([]) is None


def test_hashes_may_come_from_a_generator_and_are_counted() -> None:
    index = HashIndex((1 << place for place in range(64)), 3)
    assert (len(index), index.max_distance) == (64, 3)
    assert index.nearest([1 << 63]) == Neighbor(63, 0)


@pytest.mark.parametrize(("bits", "tells"), [(0, False), (7, False), (8, True), (56, True)])
def test_a_hash_of_few_bits_of_a_kind_tells_nothing(bits: int, tells: bool) -> None:
    hash_ = (1 << bits) - 1
    assert is_telling(hash_) is tells
    assert is_telling(hash_ << (64 - bits)) is tells


def test_a_hash_of_nearly_all_bits_tells_nothing() -> None:
    assert not is_telling((1 << 57) - 1)
    assert not is_telling(TOP)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 2)])
def test_a_picture_of_a_point_or_a_line_is_no_copy(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 90, dtype=np.uint8)
    references = references_from_hashes([phash64(pixels)], 8)
    assert references.near_duplicate(pixels) is None


def test_the_layout_in_memory_does_not_change_the_neighbor(photos: Any) -> None:
    pixels = photos.pixels("coffee.png")
    references = references_from_hashes([0, phash64(pixels)], 8)
    for view in (np.asfortranarray(pixels), np.ascontiguousarray(pixels[:, ::-1])[:, ::-1]):
        assert references.near_duplicate(view) == Neighbor(1, 0)


def test_the_mirror_of_the_mirror_is_the_picture(photos: Any) -> None:
    pixels = photos.pixels("rocket.jpg")
    hash_, mirrored = phash64_with_mirror(pixels)
    again = phash64_with_mirror(np.ascontiguousarray(pixels[:, ::-1]))
    assert again == (mirrored, hash_)


def test_a_face_is_at_distance_zero_from_itself_and_the_nearest_is_taken() -> None:
    known = ((0.0, 0.0), (3.0, 4.0))
    assert nearest_face((3.0, 4.0), known) == 0
    assert nearest_face((3.0, 0.0), known) == 3
    assert nearest_face((6.0, 8.0), known) == 5

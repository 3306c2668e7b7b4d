"""A picture is recognized by the drawing that is nearest to it."""

import numpy as np
import pytest

from training.evaluation.nearest import Images, Prototypes, thumbnails


def drawn(seed: int, side: int = 16) -> Images:
    """A picture of 4x4 random blocks, (side, side, 3)."""
    blocks = np.random.default_rng(seed).random((4, 4, 3), np.float32)
    return np.repeat(np.repeat(blocks, side // 4, 0), side // 4, 1)


@pytest.fixture
def known() -> Prototypes:
    """Three things of two drawings each."""
    tiles = [[drawn(10 * thing + pose) for pose in range(2)] for thing in range(3)]
    return Prototypes(["cat", "dog", "fox"], np.array(tiles, np.float32))


def test_a_thumbnail_knows_neither_size_nor_brightness() -> None:
    small, large = thumbnails(drawn(1)[None]), thumbnails(drawn(1, 64)[None])
    np.testing.assert_allclose(small, large, atol=1e-5)
    darker = thumbnails(drawn(1)[None] * 0.5 + 0.1)
    np.testing.assert_allclose(small, darker.astype(np.float32), atol=1e-5)


def test_any_drawing_of_a_thing_names_it(known: Prototypes) -> None:
    shown = np.stack([drawn(11, 64), drawn(0, 64), drawn(21, 64)])
    assert known.nearest(shown) == ["dog", "cat", "fox"]


def test_only_pictures_of_what_was_asked_for_count(known: Prototypes) -> None:
    shown = np.stack([drawn(11, 64), drawn(0, 64)])
    assert known.recognized(shown, ["dog", "fox"]) == ["dog"]

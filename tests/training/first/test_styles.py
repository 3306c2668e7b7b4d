"""A style changes a latent as it changes the picture's colors."""

import random

import numpy as np
import pytest

from training.first.captions import COLORED, style_caption
from training.first.latents import COMMITTED, Basis, Floats
from training.first.styles import COLOR_MAPS, styles
from training.language.phrases import TONED_WORDS


@pytest.fixture(scope="module")
def basis() -> Basis:
    with np.load(COMMITTED) as data:
        return Basis(data["mean"], data["project"], data["restore"])


@pytest.fixture(scope="module")
def latent() -> Floats:
    return np.random.default_rng(0).normal(size=(12, 4, 4)).astype(np.float32)


@pytest.mark.parametrize("name", sorted(COLOR_MAPS))
def test_a_style_of_the_latent_is_the_style_of_the_picture(
    basis: Basis, latent: Floats, name: str
) -> None:
    matrix, addend = COLOR_MAPS[name]
    wanted = basis.decode(latent) @ matrix.T + addend
    found = basis.decode(styles(basis)[name].apply(latent))
    # What the code cannot hold is the same for every picture that it can.
    closest = basis.decode(basis.part(wanted) - basis.offset)
    np.testing.assert_allclose(found, closest, atol=0.05)
    assert np.sqrt(np.square(found - wanted).mean()) < 0.25 * np.sqrt(wanted.var())


def test_a_black_and_white_picture_has_hardly_any_color(basis: Basis, latent: Floats) -> None:
    def colorfulness(picture: Floats) -> float:
        return float(np.ptp(picture, axis=-1).mean())

    gray = basis.decode(styles(basis)["gray"].apply(latent))
    assert colorfulness(gray) < 0.2 * colorfulness(basis.decode(latent))


def test_each_style_has_its_words() -> None:
    assert set(TONED_WORDS) == set(COLOR_MAPS)
    assert "a fox" in style_caption("sepia", "a fox.", random.Random(0))


@pytest.mark.parametrize("caption", ["a red apple", "a cat, grey backdrop", "a golden key"])
def test_color_words_are_found(caption: str) -> None:
    assert COLORED.search(caption)


@pytest.mark.parametrize("caption", ["a fox", "a redwood", "a bluebird in the snow"])
def test_other_words_are_no_colors(caption: str) -> None:
    assert not COLORED.search(caption)

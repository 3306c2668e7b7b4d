"""The captions say what is in the picture, and nothing else that matters."""

import random

import pytest

from training.first.captions import (
    TERRAIN_NAMES,
    TIME_WORDS,
    corpus,
    object_caption,
    pair_caption,
    place_caption,
    scene_caption,
)
from training.first.concepts import COLOR_WORDS, COLORS, CONCEPTS, PLACES
from training.pictures.landforms import TIMES
from training.pictures.scenes import TERRAINS


@pytest.mark.parametrize("background", list(COLORS))
def test_the_background_is_named(background: str) -> None:
    rng = random.Random(1)
    words = COLOR_WORDS.get(background, (background,))
    for concept in CONCEPTS[:10]:
        caption = object_caption(concept, "", background, rng)
        assert any(word in caption for word in words)


def test_an_object_is_always_called_by_one_of_its_names() -> None:
    rng = random.Random(2)
    for concept in CONCEPTS:
        for _ in range(10):
            caption = object_caption(concept, "", "", rng)
            assert any(name in caption for name in concept.names)


def test_places_and_pairs_name_both_parts() -> None:
    rng = random.Random(3)
    for place, phrases in PLACES.items():
        caption = place_caption(CONCEPTS[0], place, rng)
        assert any(phrase in caption for phrase in phrases)
    caption = pair_caption(CONCEPTS[0], CONCEPTS[1], rng)
    assert any(name in caption for name in CONCEPTS[0].names)
    assert any(name in caption for name in CONCEPTS[1].names)


@pytest.mark.slow
def test_every_scene_has_captions() -> None:
    assert set(TERRAIN_NAMES) == set(TERRAINS)
    assert set(TIME_WORDS) == set(TIMES)
    rng = random.Random(4)
    for terrain in TERRAINS:
        for time in TIMES:
            assert scene_caption(terrain, time, rng).strip()


def test_captions_are_seeded() -> None:
    assert corpus(CONCEPTS, 50, 7) == corpus(CONCEPTS, 50, 7)
    assert corpus(CONCEPTS, 50, 7) != corpus(CONCEPTS, 50, 8)


def test_places_of_objects_exist() -> None:
    for concept in CONCEPTS:
        assert concept.homes
        assert set(concept.homes) <= set(PLACES)

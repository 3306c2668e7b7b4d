"""The captions say what is in the picture, and nothing else that matters."""

import random

import pytest

from training.first.captions import (
    corpus,
    count_caption,
    finished_on,
    object_caption,
    pair_caption,
    place_caption,
    scene_caption,
    set_caption,
    skinned,
)
from training.first.concepts import (
    COLOR_WORDS,
    COLORS,
    CONCEPTS,
    LEARNED_FIRST,
    PLACES,
    SETS,
    front,
    members,
)
from training.pictures import places


@pytest.mark.parametrize("background", list(COLORS))
def test_the_background_is_named(background: str) -> None:
    rng = random.Random(1)
    words = COLOR_WORDS.get(background, (background,))
    for concept in CONCEPTS[:10]:
        captions = [
            object_caption(concept, "", background, rng),
            pair_caption(concept, CONCEPTS[20], background, rng),
            count_caption(concept, 2, "", background, rng),
        ]
        assert all(any(word in caption for word in words) for caption in captions)


def test_an_object_is_always_called_by_one_of_its_names() -> None:
    rng = random.Random(2)
    for concept in CONCEPTS:
        for _ in range(10):
            caption = object_caption(concept, "", "", rng)
            assert any(name in caption for name in concept.names)


def test_places_and_pairs_name_both_parts() -> None:
    rng = random.Random(3)
    for place, phrases in PLACES.items():
        alone = places.words().alone.get(place, ())
        for _ in range(10):
            caption = place_caption(CONCEPTS[0], place, rng)
            assert any(phrase in caption for phrase in (*phrases, *alone))
    caption = pair_caption(CONCEPTS[0], CONCEPTS[1], "", rng)
    assert any(name in caption for name in CONCEPTS[0].names)
    assert any(name in caption for name in CONCEPTS[1].names)


@pytest.mark.parametrize(
    ("number", "words"), [(2, ("two ", "a pair of ")), (3, ("three ", "some "))]
)
def test_several_are_counted_in_the_plural(number: int, words: tuple[str, ...]) -> None:
    cat = next(concept for concept in CONCEPTS if concept.name == "cat")
    for seed in range(20):
        caption = count_caption(cat, number, "", "", random.Random(seed))
        assert "cats" in caption
        assert any(word in caption for word in words)


@pytest.mark.parametrize(("finish", "words"), [("3d", ("3d",)), ("flat", ("flat", "icon"))])
def test_an_art_style_is_named_once_and_the_thing_too(finish: str, words: tuple[str, ...]) -> None:
    cat = next(concept for concept in CONCEPTS if concept.name == "cat")
    for seed in range(60):
        caption = finished_on(cat, "", "blue", finish, random.Random(seed))
        assert any(word in caption for word in words)
        assert any(name in caption for name in cat.names)
        assert "blue" in caption
        assert "3d a " not in caption


def test_a_skin_tone_does_not_give_a_person_two_withs() -> None:
    for seed in range(30):
        rng = random.Random(seed)
        assert skinned("man with a beard", "dark", rng).count("with") == 1
        assert "woman" in skinned("woman", "dark", rng)


def test_a_set_is_called_by_one_of_its_names() -> None:
    rng = random.Random(5)
    for group in SETS:
        for _ in range(10):
            caption = set_caption(group, rng)
            assert any(name in caption for name in group.names)


def test_every_set_has_something_to_show() -> None:
    for group in SETS:
        assert members(group)
        assert front(group) is None or front(group) in range(len(CONCEPTS))


@pytest.mark.slow
def test_every_place_has_captions_at_every_hour() -> None:
    rng = random.Random(4)
    for place in places.PLACES:
        for hour in places.hours(place):
            assert scene_caption(place, hour, rng).strip()


def test_captions_are_seeded() -> None:
    assert corpus(CONCEPTS, 50, 7) == corpus(CONCEPTS, 50, 7)
    assert corpus(CONCEPTS, 50, 7) != corpus(CONCEPTS, 50, 8)


def test_homes_of_objects_are_places_and_no_object_is_there_twice() -> None:
    assert len(set(CONCEPTS)) == len(CONCEPTS) > LEARNED_FIRST > 0
    for concept in CONCEPTS:
        assert concept.homes
        assert set(concept.homes) <= set(PLACES)

"""The sentences say what is in the picture, and the tables are whole."""

import random
from pathlib import Path

import pytest

from training.evaluation.prompts import EVERYDAY, MUST_PASS, PARAPHRASES, PLAIN, STYLED
from training.gallery import Shelf
from training.language.phrases import NEGATIVE, article, unconditional
from training.language.sentences import KINDS, Sentences
from training.language.vocabulary import COLORS, by_name, groups, things
from training.language.wording import place_words, plural, together
from training.language.words import build_tokenizer, tokenize, train_tokenizer
from training.pictures import places
from training.pictures.layouts import FLOATING, arranged, in_place
from training.plans import FLIP, SCENE, SIDE, TILE, plan
from training.tiles import wanted


def sentences(seed: int) -> Sentences:
    return Sentences(list(wanted()), random.Random(seed))


def test_the_world_is_wide() -> None:
    assert len(things()) >= 300
    assert len(places.PLACES) >= 25
    assert len({thing.name for thing in things()}) == len(things()), "main names differ"


def test_every_home_is_a_place_and_every_color_is_known() -> None:
    for thing in things():
        assert thing.homes
        assert set(thing.homes) <= {*places.PLACES, "night"}, thing.name
        assert set(thing.colors) <= set(COLORS), thing.name


def test_every_place_has_words_for_each_of_its_hours() -> None:
    words = places.words()
    assert set(words.alone) == set(places.PLACES)
    assert set(words.at) == {*places.PLACES, "night"}
    rng = random.Random(4)
    for place in places.PLACES:
        for hour in places.hours(place):
            assert words.when[hour]
            assert place_words(place, hour, rng).strip()


def test_groups_hold_every_thing_once() -> None:
    members = [number for group in groups() for number in group.members]
    assert sorted(members) == list(range(len(things())))


def test_named_sets_are_drawn_from_the_table() -> None:
    for chosen in together():
        assert chosen.members
        assert 1 <= chosen.least <= chosen.most <= 6
        assert chosen.place in {*places.PLACES, "night"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_picture_has_its_drawings_inside(kind: str) -> None:
    made = sentences(1)
    for _ in range(40):
        picture = getattr(made, kind)()
        assert picture.caption.strip() == picture.caption
        assert bool(picture.placed) == (kind != "place")
        for placed in picture.placed:
            assert -0.1 < placed.x < 1.1
            assert -0.1 < placed.y < 1.1
            assert 0.1 < placed.side < 1


def test_one_thing_is_called_by_one_of_its_names_or_its_group() -> None:
    made = sentences(2)
    for _ in range(100):
        picture = made.one()
        thing = things()[made.drawings[picture.placed[0].tile].thing]
        head = thing.names if len(picture.placed) == 1 else ()
        last = [name.rpartition(" of ")[2] for name in (*head, thing.group)]
        assert any(name in picture.caption for name in last), picture.caption


def test_a_told_color_is_the_drawing_s() -> None:
    made, seen = sentences(3), 0
    car = by_name()["car"]
    for color in things()[car].colors:
        for _ in range(10):
            drawing = made.drawings[made.pick(car, color)]
            seen += drawing.color == color
    assert seen == 0, "the painted drawings are made when the tiles are loaded"
    assert made.drawings[made.pick(car)].color == "red"


def test_pairs_name_both_and_counts_their_number() -> None:
    made = sentences(5)
    for _ in range(50):
        assert len(made.pair().placed) == 2
        counted = made.count()
        for word, number in (("two ", 2), ("three ", 3), ("four ", 4)):
            if counted.caption.startswith(word):
                assert len(counted.placed) == number


def test_the_same_seed_says_the_same() -> None:
    first, again, other = (sentences(seed) for seed in (7, 7, 8))
    said = [[s.draw().caption for _ in range(20)] for s in (first, again, other)]
    assert said[0] == said[1]
    assert said[0] != said[2]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("apple", "apples"),
        ("mouse", "mice"),
        ("woman", "women"),
        ("policeman", "policemen"),
        ("fox", "foxes"),
        ("butterfly", "butterflies"),
        ("cup of coffee", "cups of coffee"),
        ("polar bear", "polar bears"),
        ("boy", "boys"),
        ("sheep", "sheep"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize(("noun", "expected"), [("owl", "an"), ("fox", "a"), ("unicorn", "a")])
def test_articles(noun: str, expected: str) -> None:
    assert article(noun) == expected


def test_a_dropped_caption_says_nothing_of_the_picture() -> None:
    rng = random.Random(0)
    made = [unconditional("a fox", 0.5, rng) for _ in range(400)]
    assert 150 < made.count("a fox") < 250
    for caption in set(made) - {"a fox", ""}:
        assert set(caption.split(", ")) <= set(NEGATIVE)


@pytest.mark.parametrize("count", range(1, 7))
def test_drawings_of_one_picture_hardly_touch(count: int) -> None:
    rng = random.Random(0)
    for _ in range(4):
        spots = arranged(count, rng)
        assert len(spots) == count
        for at, one in enumerate(spots):
            for other in spots[at + 1 :]:
                apart = max(abs(one.x - other.x), abs(one.y - other.y))
                assert apart > 0.9 * (one.side + other.side) / 2


def test_things_stand_lower_where_there_is_ground() -> None:
    spot = arranged(1, random.Random(0))[0]
    assert in_place(spot, "meadow").y > in_place(spot, FLOATING[0]).y


def test_a_plan_is_the_picture_in_numbers() -> None:
    made, shelf = sentences(9), Shelf(layouts=2)
    pictures = [made.draw() for _ in range(30)]
    numbers = plan(pictures, shelf)
    assert len(numbers) == 30
    for row, (picture, ground) in enumerate(zip(pictures, numbers.grounds, strict=True)):
        placed = numbers.layers[row]
        assert int((placed[:, TILE] >= 0).sum()) == len(picture.placed)
        for slot, drawing in zip(placed, picture.placed, strict=False):
            assert int(slot[TILE]) == drawing.tile
            assert float(slot[SIDE]) == pytest.approx(drawing.side)
            assert float(slot[FLIP]) == (-1 if drawing.flip else 1)
        if picture.ground.scene is None:
            assert ground[SCENE] == -1
            assert ground[3:6].tolist() == pytest.approx(picture.ground.top)
        else:
            assert shelf.scenes[int(ground[SCENE]) // 2] == picture.ground.scene


def test_the_gate_has_its_prompts() -> None:
    assert (len(PLAIN), len(PARAPHRASES), len(EVERYDAY)) == (48, 24, 40)
    assert set(MUST_PASS) <= set(PLAIN)
    assert len({*PLAIN, *PARAPHRASES, *EVERYDAY, *STYLED}) == 112 + len(STYLED)


def test_the_tokenizer_ignores_case_and_knows_the_table_s_words(tmp_path: Path) -> None:
    train_tokenizer(tmp_path, corpus=3000)
    tokenizer = build_tokenizer(tmp_path)
    assert tokenizer("A Red Apple").input_ids == tokenizer("a red apple").input_ids
    assert len(tokenizer("a red apple").input_ids) == 5
    assert tokenize(tokenizer, ["a fox", ""]).shape == (2, 32)

"""Which real image a made one was taken from, and which figures few images allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.errors import Canceled
from engines.evidence.against_real import CANDIDATES, SHOWN, Side, against_real, find_sources
from engines.evidence.config import EvidenceConfig
from engines.evidence.statistics.rows import ArrayRows
from tests.engines.evidence.pictures import CHANGES, picture
from tests.engines.evidence.records import facts
from tests.engines.evidence.vectors import normal, unit

if TYPE_CHECKING:
    from engines.evidence.feature_file import ImageFacts
    from engines.types import Pixels

CONFIG = EvidenceConfig()
TELLING = 0x0F0F0F0F0F0F0F0F
FAR = 0x5555AAAA3333CCCC


def side(*images: ImageFacts, seed: int = 1, pictures: dict[str, Pixels] | None = None) -> Side:
    read = None if pictures is None else pictures.get
    return Side(images, ArrayRows(unit(normal(len(images), seed))), read)


def many(count: int, seed: int, name: str) -> Side:
    drawn = np.random.default_rng(seed).integers(0, 2**64, (count, 2), dtype=np.uint64)
    images = [facts(f"{name}{n}", int(a), int(b)) for n, (a, b) in enumerate(drawn)]
    return Side(images, ArrayRows(unit(normal(count, seed))), None)


# By hash


@pytest.mark.parametrize(("bits", "found"), [(0, True), (6, True), (7, False)])
def test_a_copy_is_told_by_its_hash_up_to_six_bits(bits: int, found: bool) -> None:
    made = side(facts("made", TELLING ^ (2**bits - 1), FAR))
    taken, searched = find_sources(side(facts("real", TELLING)), made, 10)
    assert searched == 1
    assert [(t.id, t.reference, t.agreeing_points, t.mirrored) for t in taken] == (
        [("made", "real", 0, False)] if found else []
    )


def test_a_mirrored_copy_is_told_by_the_hash_of_its_mirror() -> None:
    (taken,), _ = find_sources(side(facts("real", TELLING)), side(facts("made", FAR, TELLING)), 10)
    assert taken.mirrored


@pytest.mark.parametrize("blank", [0, 2**64 - 1, 0b1111111])
def test_a_blank_image_is_no_copy_of_a_blank_one(blank: int) -> None:
    made = side(facts("made", blank, blank))
    assert find_sources(side(facts("real", blank, blank)), made, 10) == ([], 1)


def test_the_nearest_of_several_sources_is_named() -> None:
    real = side(facts("far", TELLING), facts("near", TELLING))
    vectors = np.array([[0, 1], [1, 0]], np.float32)
    real = Side(real.facts, ArrayRows(vectors), None)
    made = Side([facts("made", TELLING, FAR)], ArrayRows(vectors[1:]), None)
    (taken,), _ = find_sources(real, made, 10)
    assert (taken.reference, taken.distance) == ("near", 0)


def test_only_the_nearest_candidates_are_looked_at() -> None:
    """A source that lies behind ten nearer images is not found: it is said in the documents."""
    line = np.arange(CANDIDATES + 1, dtype=np.float32)[:, None]
    images = [facts(f"r{n}", FAR, FAR) for n in range(CANDIDATES)]
    made = Side([facts("made", TELLING, TELLING)], ArrayRows(line[:1]), None)
    behind = Side([*images, facts("source", TELLING)], ArrayRows(line), None)
    assert find_sources(behind, made, 10) == ([], 1)
    within = Side([*images[1:], facts("source", TELLING)], ArrayRows(line[1:]), None)
    assert len(find_sources(within, made, 10)[0]) == 1


@pytest.mark.parametrize(("most", "searched"), [(0, 0), (1, 1), (3, 3), (99, 3)])
def test_those_that_lie_nearest_to_a_real_image_are_searched_first(
    most: int, searched: int
) -> None:
    line = np.array([[0.0], [5.0], [1.0]], np.float32)
    images = [facts(f"m{n}", TELLING, FAR) for n in range(3)]
    made = Side(images, ArrayRows(line), None)
    real = Side([facts("real", TELLING)], ArrayRows(line[:1]), None)
    taken, count = find_sources(real, made, most)
    assert count == searched
    assert [each.id for each in taken] == ["m0", "m2", "m1"][:searched]


def test_nothing_is_searched_where_a_side_is_empty() -> None:
    some, none = side(facts("a")), side()
    assert find_sources(some, none, 10) == find_sources(none, some, 10) == ([], 0)


# By points


def test_a_cut_copy_is_told_by_its_points_and_the_surest_comes_first() -> None:
    originals = {f"r{n}": picture(n) for n in range(3)}
    made = {"cut": CHANGES["cropped"](picture(1)), "whole": picture(2), "fresh": picture(9)}
    hashes = [facts(name, FAR, FAR) for name in originals], [facts(n, TELLING) for n in made]
    taken, _ = find_sources(
        side(*hashes[0], pictures=originals), side(*hashes[1], pictures=made), 10
    )
    assert [(each.id, each.reference) for each in taken] == [("whole", "r2"), ("cut", "r1")]
    assert taken[0].agreeing_points > taken[1].agreeing_points >= 12


@pytest.mark.parametrize("readable", ["real", "made"])
def test_where_a_picture_went_the_hash_decides(readable: str) -> None:
    real = side(facts("r", TELLING), pictures={"r": picture(1)} if readable == "real" else {})
    made = side(facts("m", TELLING, FAR), pictures={"m": picture(1)} if readable == "made" else {})
    (taken,), _ = find_sources(real, made, 10)
    assert taken.agreeing_points == 0


def test_every_real_picture_is_read_once_however_often_it_is_a_candidate() -> None:
    reads: list[str] = []
    real = Side(
        [facts("r", FAR, FAR)],
        ArrayRows(unit(normal(1, 1))),
        lambda name: reads.append(name) or picture(1, 64),  # type: ignore[func-returns-value]
    )
    images = [facts(f"m{n}") for n in range(4)]
    find_sources(real, side(*images, pictures={f"m{n}": picture(n, 64) for n in range(4)}), 10)
    assert reads == ["r"]


# All figures


@pytest.mark.parametrize(
    ("real", "made", "given"),
    [
        (1, 1, set()),
        (19, 50, set()),
        (20, 19, {"copying"}),
        (20, 20, {"copying", "clipped_density", "clipped_coverage", "recall", "kid"}),
    ],
)
def test_few_images_allow_few_figures(real: int, made: int, given: set[str]) -> None:
    found = against_real("uploads/real", many(real, 1, "r"), many(made, 2, "m"), CONFIG)
    every = {"copying", "clipped_density", "clipped_coverage", "recall", "kid"}
    assert {name for name in every if getattr(found, name) is not None} == given
    assert (found.images, found.compared) == (real, made)


def test_no_made_image_is_an_answer_too() -> None:
    found = against_real("uploads/real", many(30, 1, "r"), many(0, 2, "m"), CONFIG)
    assert (found.compared, found.searched, found.taken) == (0, 0, ())


def test_of_large_sets_a_sample_is_compared_and_all_are_counted() -> None:
    config = EvidenceConfig(max_compared=100, max_searched=7)
    found = against_real("r", many(250, 1, "r"), many(300, 2, "m"), config)
    assert (found.images, found.compared, found.searched) == (250, 100, 7)


def test_many_copies_are_counted_and_the_first_named() -> None:
    images = [facts(f"m{n}", TELLING, FAR) for n in range(SHOWN + 5)]
    found = against_real("r", side(facts("r", TELLING)), side(*images), CONFIG)
    assert (found.taken_count, len(found.taken)) == (SHOWN + 5, SHOWN)


def test_every_searched_image_is_told_of_and_the_search_can_be_stopped() -> None:
    heard: list[int] = []
    find_sources(many(3, 1, "r"), many(5, 2, "m"), 4, on_image=lambda: heard.append(1))
    assert len(heard) == 4

    def gone() -> None:
        raise Canceled("gone")

    with pytest.raises(Canceled):
        find_sources(many(3, 1, "r"), many(5, 2, "m"), 4, stop=gone)

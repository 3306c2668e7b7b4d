"""Making a declared dataset: what is taken does not depend on what is made first."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.datasets.spec.alike import Gallery
from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.spec.result import DatasetResult, Taken
from engines.datasets.spec.run import DatasetRun
from engines.datasets.spec.seeds import derived
from engines.datasets.spec.tries import Judged
from engines.errors import Conflict, InferloopError, StorageFailed
from engines.types import GenerationRequest, StoredImage, Verdicts


def spec_of(**changes: Any) -> DatasetSpec:
    body: dict[str, Any] = {
        "name": "pets",
        "quotas": {"animal": {"fox": 6, "cat": 4}},
        "attributes": {"animal": ["fox", "cat"]},
        "prompt": "a {animal}",
        "require": {"quality": True, "near_duplicates": {"min_distance": 4}},
        "max_tries": 3,
    }
    return DatasetSpec.model_validate({**body, **changes})


@dataclass
class Workshop:
    """Images whose verdict and hashes follow from their seed, made in any order."""

    order: random.Random
    bad_share: float = 0.3
    looks: int = 8
    """How many different pictures there are."""
    default_model: str = "m"
    stored: dict[str, StoredImage] = field(default_factory=dict)
    made: int = 0
    most: int = 0
    running: int = 0
    fail_at: int | None = None

    async def make(self, request: GenerationRequest) -> StoredImage:
        there = self.stored.get(request.image_id)
        if there is not None:
            if there.seed != request.seed:
                raise Conflict("Another image has this id")
            return there
        self.made += 1
        if self.fail_at is not None and self.made > self.fail_at:
            raise StorageFailed("away")
        self.running += 1
        self.most = max(self.most, self.running)
        for _ in range(self.order.randrange(5)):
            await asyncio.sleep(0)
        self.running -= 1
        look = derived(request.seed, "look") % self.looks
        hashes = (derived("picture", look), derived("mirror", look))
        image = StoredImage(request.image_id, "m", request.seed, "", 1, hashes=hashes)
        self.stored[request.image_id] = image
        return image

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        await asyncio.sleep(0)
        good = derived(image.seed, "good") / 2**53 >= self.bad_share
        return Judged(Verdicts(), () if good else ("quality",))

    async def discard(self, key: str) -> None:
        self.stored.pop(key, None)

    def seeds(self) -> dict[str, int]:
        return {key: image.seed for key, image in self.stored.items()}


async def made(
    spec: DatasetSpec, workshop: Workshop, in_flight: int = 4, before: Any = None
) -> DatasetResult:
    return await DatasetRun(DatasetPlan(spec), workshop, in_flight, before).run()


@settings(max_examples=12)
@given(st.integers(0, 1000), st.integers(1, 12), st.integers(0, 10**6))
async def test_the_dataset_is_the_same_whatever_is_made_first(
    seed: int, in_flight: int, order: int
) -> None:
    spec = spec_of(seed=seed)
    one, many = Workshop(random.Random(0)), Workshop(random.Random(order))
    first, second = await made(spec, one, 1), await made(spec, many, in_flight)
    assert one.seeds() == many.seeds()
    assert first.short == second.short
    assert first.taken == second.taken
    assert many.most <= in_flight


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(0, 6), st.integers(0, 6))
async def test_a_larger_number_later_is_the_larger_number_at_once(
    seed: int, more_foxes: int, more_cats: int
) -> None:
    small = spec_of(seed=seed)
    large = spec_of(seed=seed, quotas={"animal": {"fox": 6 + more_foxes, "cat": 4 + more_cats}})
    grown = Workshop(random.Random(1))
    first = await made(small, grown)
    before = grown.seeds()
    await made(large, grown, before=first.taken)
    at_once = Workshop(random.Random(2))
    await made(large, at_once)
    assert before.items() <= grown.seeds().items()
    assert grown.seeds() == at_once.seeds()


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(1, 25))
async def test_a_run_that_broke_off_is_taken_up_without_changing_anything(
    seed: int, at: int
) -> None:
    spec = spec_of(seed=seed)
    broken, whole = Workshop(random.Random(3), fail_at=at), Workshop(random.Random(4))
    await made(spec, whole)
    try:
        await made(spec, broken)
    except StorageFailed:
        broken.fail_at = None
        await made(spec, broken)
    assert broken.seeds() == whole.seeds()


async def test_what_is_there_is_not_made_or_judged_again() -> None:
    workshop = Workshop(random.Random(0), bad_share=0.0, looks=10**6)
    first = await made(spec_of(), workshop)
    count = workshop.made
    again = await made(spec_of(), workshop, before=first.taken)
    assert (workshop.made, again.kept, again.made, again.images_made) == (count, 10, 10, 0)


async def test_what_cannot_be_met_is_told_by_class_and_reason() -> None:
    alike = Workshop(random.Random(0), bad_share=0.0, looks=1)
    result = await made(spec_of(), alike)
    assert [each.message for each in result.short] == [
        "short by 3 of class cat: near-duplicate",
        "short by 5 of class fox: near-duplicate",
    ]
    assert (result.status, result.made, len(alike.stored)) == ("short", 2, 2)
    bad = await made(spec_of(quotas=None, count=4), Workshop(random.Random(0), bad_share=1.1))
    assert [each.message for each in bad.short] == ["short by 4: quality"]
    assert bad.images_made == 12


@pytest.mark.parametrize(
    ("budgets", "most"), [({"images": 3}, 3), ({"tries": 0}, 10), ({"images": 1, "tries": 5}, 1)]
)
async def test_a_spent_budget_ends_the_run_and_is_told(budgets: dict[str, int], most: int) -> None:
    workshop = Workshop(random.Random(0), bad_share=0.6, looks=10**6)
    result = await made(spec_of(budgets=budgets), workshop)
    assert workshop.made <= most
    assert sum(each.count for each in result.short if each.reason == "budget") > 0
    assert result.made + sum(each.count for each in result.short) == 10


async def test_the_time_budget_is_of_the_runs_clock() -> None:
    ticks = iter(range(1000))
    spec = spec_of(budgets={"seconds": 5}, require={})
    run = DatasetRun(
        DatasetPlan(spec), Workshop(random.Random(0)), 1, clock=lambda: float(next(ticks))
    )
    result = await run.run()
    assert 0 < result.made < 10
    assert {each.reason for each in result.short} == {"budget"}


async def test_an_error_that_is_no_items_own_ends_the_run() -> None:
    with pytest.raises(InferloopError):
        await made(spec_of(), Workshop(random.Random(0), fail_at=2))


async def test_progress_counts_the_items_that_ended() -> None:
    heard: list[tuple[int, int]] = []
    plan = DatasetPlan(spec_of())
    run = DatasetRun(
        plan,
        Workshop(random.Random(0)),
        3,
        on_progress=lambda done, total: heard.append((done, total)),
    )
    await run.run()
    assert heard == [(done, 10) for done in range(1, 11)]


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=30),
    st.integers(1, 32),
    st.integers(0, 63),
    st.integers(0, 40),
)
def test_a_gallery_finds_exactly_what_comparing_all_would(
    taken: list[int], distance: int, bit: int, flips: int
) -> None:
    gallery = Gallery(distance)
    for each in taken:
        gallery.add((each, 0))
    asked = taken[0]
    for number in range(flips):
        asked ^= 1 << (bit + number) % 64
    expected = any((asked ^ each).bit_count() < distance for each in taken)
    assert gallery.holds_like((asked, asked)) == expected


def test_a_gallery_knows_mirrors() -> None:
    gallery = Gallery(4)
    gallery.add((0b1111 << 40, 1))
    assert gallery.holds_like((2**63, 0b1111 << 40))
    assert not gallery.holds_like((2**63, 2**62 - 1))


async def test_what_an_earlier_run_took_counts_as_a_mate() -> None:
    plan = DatasetPlan(spec_of(quotas={"animal": {"fox": 2}}, require={"near_duplicates": True}))
    workshop = Workshop(random.Random(0), bad_share=0.0, looks=1)
    hashes = (derived("picture", 0), derived("mirror", 0))
    before = {"fox-00000": Taken("fox-00000", 5, 1, hashes)}
    result = await DatasetRun(plan, workshop, 2, before).run()
    assert [each.message for each in result.short] == ["short by 1 of class fox: near-duplicate"]

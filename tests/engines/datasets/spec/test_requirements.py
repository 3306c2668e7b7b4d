"""What an image must meet, and which image of several tries is taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import ValidationError

from engines.datasets.spec.requirements import Requirements
from engines.datasets.spec.seeds import seed_of_try
from engines.datasets.spec.tries import Judged, first_that_passes
from engines.errors import Canceled, Conflict, InferloopError, RequirementsNotMet, StorageFailed
from engines.types import (
    GenerationRequest,
    PrivacyReport,
    QualityReport,
    StoredImage,
    Verdicts,
)


def quality(score: float = 0.8, passed: bool = True, **metrics: float) -> QualityReport:
    return QualityReport("k", score, metrics, passed, "quality/1")


def privacy(score: int = 100, passed: bool = True) -> PrivacyReport:
    return PrivacyReport("k", score, 0, False, False, (), passed, "privacy/1")


@pytest.mark.parametrize(
    ("required", "of_quality", "of_privacy", "missed"),
    [
        ({}, None, None, ()),
        ({"quality": True}, quality(), None, ()),
        ({"quality": True}, quality(passed=False), None, ("quality",)),
        ({"quality": True}, None, None, ("quality",)),
        ({"quality": False}, None, None, ()),
        ({"quality": {"min_score": 0.7}}, quality(0.7, passed=False), None, ()),
        ({"quality": {"min_score": 0.7}}, quality(0.69), None, ("quality",)),
        ({"quality": {"min_metrics": {"sharpness": 50}}}, quality(sharpness=49.9), None,
         ("sharpness",)),
        ({"quality": {"min_metrics": {"sharpness": 50}}}, quality(), None, ("sharpness",)),
        ({"quality": {"min_metrics": {"a": 1.0}}}, quality(a=float("nan")), None, ("a",)),
        ({"quality": {"min_metrics": {"colourfulness": 9}}}, quality(colorfulness=9.0), None, ()),
        ({"quality": {"min_metrics": {"colorfulness": 9}}}, quality(colourfulness=8.0), None,
         ("colorfulness",)),
        ({"privacy": True}, None, privacy(), ()),
        ({"privacy": True}, None, privacy(passed=False), ("privacy",)),
        ({"privacy": {"min_score": 90}}, None, privacy(89), ("privacy",)),
        ({"privacy": {"min_score": 90}}, None, privacy(90), ()),
        ({"privacy": True, "quality": True}, quality(passed=False), None, ("quality", "privacy")),
    ],
)  # fmt: skip
def test_what_an_image_misses(
    required: dict[str, Any],
    of_quality: QualityReport | None,
    of_privacy: PrivacyReport | None,
    missed: tuple[str, ...],
) -> None:
    found = Verdicts(of_quality, of_privacy)
    assert Requirements.model_validate(required).missed(found) == missed


@pytest.mark.parametrize(
    ("conformance", "missed"),
    [(60.0, ()), (59.9, ("profile",)), (None, ("profile",)), (float("nan"), ("profile",))],
)
def test_an_image_must_lie_near_the_profile(
    conformance: float | None, missed: tuple[str, ...]
) -> None:
    required = {"profile": {"name": "office", "min_conformance": 60.0}}
    wanted = Requirements.model_validate(required)
    assert wanted.any
    assert wanted.missed(Verdicts(conformance=conformance)) == missed


def test_a_requirement_that_came_later_leaves_older_declarations_what_they_are() -> None:
    """Their identity is a hash of what they say: nothing new stands in it unless it is asked."""
    assert "profile" not in Requirements.model_validate({"quality": True}).model_dump()


@pytest.mark.parametrize(
    "wrong",
    [
        {"beauty": True},
        {"quality": 0.5},
        {"profile": True},
        {"profile": {"name": "office"}},
        {"profile": {"name": "../office", "min_conformance": 50}},
        {"profile": {"name": "office", "min_conformance": 101}},
        {"quality": {"min_score": 1.5}},
        {"quality": {"min_score": "0.5"}},
        {"quality": {"min_score": float("nan")}},
        {"privacy": {"min_score": 101}},
        {"privacy": {"check_faces": 1}},
    ],
)
def test_a_requirement_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Requirements.model_validate(wrong)


REQUEST = GenerationRequest("image_1", "a fox", "m", 64, 64, 2, 1.0, seed=7)


@dataclass
class Bench:
    """Makes images that pass from try `good` on; remembers all that was made and removed."""

    good: int | None
    max_tries: int = 4
    made: list[GenerationRequest] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    discarded: int = 0
    failure: BaseException | None = None
    """Raised by the judge."""
    lying_there: int | None = None
    """Number of the try whose image an earlier run left."""

    async def make(self, request: GenerationRequest) -> StoredImage:
        seeds = [seed_of_try(REQUEST.seed, number) for number in range(self.max_tries)]
        if self.lying_there is not None and seeds.index(request.seed) != self.lying_there:
            raise Conflict("Another image has this id")
        self.made.append(request)
        self.kept.add(request.image_id)
        return StoredImage(request.image_id, "m", request.seed, "", 10)

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        if self.failure is not None:
            raise self.failure
        number = [seed_of_try(REQUEST.seed, n) for n in range(self.max_tries)].index(image.seed)
        missed = () if self.good is not None and number >= self.good else ("quality", "privacy")
        return Judged(Verdicts(quality(passed=not missed)), missed)

    async def discard(self, key: str) -> None:
        self.kept.discard(key)
        self.discarded += 1
        self.lying_there = None

    async def run(self, request: GenerationRequest = REQUEST) -> StoredImage:
        return await first_that_passes(request, self.make, self)


@pytest.mark.parametrize("good", [0, 1, 3])
async def test_the_first_try_that_passes_is_kept_alone(good: int) -> None:
    bench = Bench(good)
    image = await bench.run()
    assert (image.tries, image.seed) == (good + 1, seed_of_try(7, good))
    assert image.verdicts == Verdicts(quality())
    assert (len(bench.made), bench.discarded) == (good + 1, good)
    assert bench.kept == {"image_1"}


async def test_every_try_has_a_seed_of_its_own_and_the_same_ones_each_time() -> None:
    bench = Bench(3)
    await bench.run()
    seeds = [request.seed for request in bench.made]
    assert len(set(seeds)) == 4
    assert seeds[0] == 7
    assert [seed_of_try(7, number) for number in range(4)] == seeds
    assert all(0 <= seed < 2**53 for seed in seeds)


async def test_none_is_kept_where_none_passes_and_what_failed_is_counted() -> None:
    bench = Bench(None)
    with pytest.raises(RequirementsNotMet) as caught:
        await bench.run()
    assert caught.value.details == {"tries": 4, "missed": {"quality": 4, "privacy": 4}}
    assert "4 tries: missed quality 4 times, privacy 4 times" in caught.value.message
    assert not bench.kept


@pytest.mark.parametrize("failure", [StorageFailed("away"), Canceled("gone")])
async def test_an_image_that_nobody_judged_is_not_kept(failure: InferloopError) -> None:
    bench = Bench(0, failure=failure)
    with pytest.raises(type(failure)):
        await bench.run()
    assert not bench.kept


async def test_a_repeated_run_goes_on_where_the_first_one_broke_off() -> None:
    from dataclasses import replace

    bench = Bench(good=3, lying_there=2)
    image = await bench.run(replace(REQUEST, repeated=True))
    assert image.seed == seed_of_try(7, 3)
    assert [request.seed for request in bench.made] == [seed_of_try(7, n) for n in (2, 3)]


async def test_another_image_under_the_id_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        await Bench(good=0, lying_there=2).run()

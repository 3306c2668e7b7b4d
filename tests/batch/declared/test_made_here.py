"""A declared dataset made in this process: what is made, judged, gone on with, and left alone."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batch.declared.here import make_here
from batch.declared.maker import Maker
from engines.datasets.marking import ImageMarks, NoMarks
from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.spec.requirements import Requirements
from engines.datasets.spec.result import DatasetResult
from engines.datasets.store.store import DatasetStore
from engines.errors import Conflict, NotFound
from engines.images import ImageLimits
from engines.privacy import PrivacyValidator, build_privacy_validator
from engines.privacy.config import PrivacyConfig
from engines.profiles.matching import MatchColors
from engines.protocols import DiffusionEngine, GenerationListener, Storage
from engines.quality import QualityValidator
from engines.quality.config import QualityConfig
from engines.storage.folder.storage import FolderStorage
from engines.testing.diffusion import FakeEngine
from engines.types import GenerationRequest
from tests.batch.ray_job import as_is


class CountingEngine(FakeEngine):
    """Remembers what it was asked to make."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[GenerationRequest] = []

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        self.asked.append(request)
        super().submit(request, listener)


@dataclass
class Here:
    """`MakerWiring` over a fake model and the real judges."""

    root: Path
    engines: list[CountingEngine]
    default_model: str = "inferloop-fake"

    def storage(self) -> Storage:
        return FolderStorage(self.root)

    def engine(self) -> DiffusionEngine:
        self.engines.append(CountingEngine())
        return self.engines[-1]

    def matching(self) -> MatchColors:
        return as_is

    def quality(self) -> QualityValidator:
        return QualityValidator(QualityConfig())

    def privacy(self) -> PrivacyValidator:
        return build_privacy_validator(PrivacyConfig(), ImageLimits(), self.storage())

    def marks(self) -> ImageMarks:
        return NoMarks()

    def versions(self) -> Mapping[str, str]:
        return {"torch": "9.9"}

    @property
    def asked(self) -> list[GenerationRequest]:
        return [request for engine in self.engines for request in engine.asked]


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path / "data", [])


def declared(**parts: Any) -> DatasetPlan:
    said: dict[str, Any] = {
        "name": "pets",
        "quotas": {"animal": 2},
        "attributes": {"animal": ["fox", "cat"]},
        "prompt": "a {animal}",
        "generation": {"width": 64, "height": 64, "num_inference_steps": 2},
    }
    return DatasetPlan(DatasetSpec.model_validate(said | parts))


def made(here: Here, plan: DatasetPlan) -> tuple[DatasetResult, str]:
    stream = io.StringIO()
    result = make_here(plan, here, stream)
    return result, stream.getvalue()


def ids(here: Here) -> list[str]:
    try:
        records = list(DatasetStore(here.storage()).iter_records("generated/pets"))
    except NotFound:
        return []
    return sorted(record.image_id for record in records)


def test_every_image_of_the_declaration_is_made_with_its_label_and_recipe(here: Here) -> None:
    result, said = made(here, declared())
    assert (result.status, result.made, result.requested) == ("complete", 4, 4)
    assert said.startswith("4 images, 0 done before\n")
    records = list(DatasetStore(here.storage()).iter_records("generated/pets"))
    labels = sorted(each.recipe.labels["animal"] for each in records if each.recipe)
    assert len(ids(here)) == 4
    assert all(each.recipe is not None for each in records)
    assert {each.recipe.prompt for each in records if each.recipe} == {"a fox", "a cat"}
    assert {each.recipe.library_versions["torch"] for each in records if each.recipe} == {"9.9"}
    assert labels == ["cat", "cat", "fox", "fox"]


def test_a_second_run_makes_nothing_again(here: Here) -> None:
    made(here, declared())
    before = ids(here)
    result, said = made(here, declared())
    assert said.startswith("4 images, 4 done before\n")
    assert (result.status, result.images_made) == ("complete", 0)
    assert len(here.asked) == 4
    assert ids(here) == before


def test_a_larger_number_adds_and_changes_nothing(here: Here) -> None:
    made(here, declared())
    before = ids(here)
    result, said = made(here, declared(quotas={"animal": 3}))
    assert said.startswith("6 images, 4 done before\n")
    assert result.images_made == 2
    assert set(before) < set(ids(here))


def test_an_image_that_somebody_deleted_is_made_again_and_no_other(here: Here) -> None:
    made(here, declared())
    lost = ids(here)[0]
    here.storage().delete(f"generated/pets/{lost}.png")
    result, said = made(here, declared())
    assert said.startswith("4 images, 3 done before\n")
    assert result.images_made == 1
    assert [request.image_id for request in here.asked].count(lost) == 2


def test_another_declaration_under_the_name_is_refused_before_an_image_is_made(here: Here) -> None:
    made(here, declared())
    with pytest.raises(Conflict, match="another declaration"):
        made(here, declared(prompt="one {animal}"))
    assert len(here.asked) == 4


def test_what_passes_is_kept_and_its_verdict_lies_beside_it(here: Here) -> None:
    result, _ = made(here, declared(require={"quality": {"min_score": 0.0}}))
    assert result.status == "complete"
    records = DatasetStore(here.storage()).iter_records("generated/pets")
    assert all(each.quality is not None for each in records)


def test_what_never_passes_is_tried_as_often_as_allowed_and_none_is_kept(here: Here) -> None:
    require = {"quality": {"min_score": 1.0, "min_metrics": {"sharpness": 1e9}}}
    result, _ = made(here, declared(quotas={"animal": 1}, require=require, max_tries=3))
    assert (result.status, result.made, result.images_made) == ("short", 0, 6)
    assert {shortage.count for shortage in result.short} == {1}
    assert ids(here) == []
    # Each try with a seed of its own: the same seed again would be the same image.
    assert len({(request.prompt, request.seed) for request in here.asked}) == 6


def test_images_that_look_alike_are_not_both_kept(here: Here) -> None:
    require = {"near_duplicates": {"min_distance": 32}}
    result, _ = made(here, declared(quotas={"animal": 8}, require=require, max_tries=1))
    assert result.status == "short"
    assert 2 <= result.made == len(ids(here)) < 16
    assert {shortage.reason for shortage in result.short} == {"near-duplicate"}


# One maker by itself


def request_of(plan: DatasetPlan, **changes: Any) -> GenerationRequest:
    request = plan.request(next(iter(plan.items())), "inferloop-fake")
    return GenerationRequest(**{**{f: getattr(request, f) for f in request.__slots__}, **changes})


async def test_a_repeated_request_finds_what_an_earlier_maker_stored(here: Here) -> None:
    plan = declared()
    first, second = Maker(here), Maker(here)
    try:
        stored = await first.make(request_of(plan, repeated=True))
        again = await second.make(request_of(plan, repeated=True))
    finally:
        first.close()
        second.close()
    assert again.key == stored.key
    assert [len(engine.asked) for engine in here.engines] == [1, 0]


async def test_discarding_twice_is_discarding(here: Here) -> None:
    maker = Maker(here)
    try:
        stored = await maker.make(request_of(declared()))
        await maker.discard(stored.key)
        await maker.discard(stored.key)
    finally:
        maker.close()
    assert ids(here) == []


async def test_nothing_required_loads_no_judge(here: Here) -> None:
    class Without(Here):
        def quality(self) -> QualityValidator:
            raise AssertionError("loaded")

        def privacy(self) -> PrivacyValidator:
            raise AssertionError("loaded")

    maker = Maker(Without(here.root, here.engines))
    try:
        request = request_of(declared())
        judged = await maker.judge(await maker.make(request), request, Requirements())
    finally:
        maker.close()
    assert judged.missed == ()
    assert judged.verdicts.quality is None

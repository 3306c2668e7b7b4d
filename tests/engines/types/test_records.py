"""Requests, events and results: they never change, travel between processes, and add up."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pickle
import pkgutil
import typing
from itertools import pairwise

import numpy as np
import pytest

import engines.types
from engines.errors import InvalidParameters
from engines.types import (
    ExportFilter,
    ExportReport,
    ExportRequest,
    GeneratedImage,
    GenerationRequest,
    ProfileRequest,
    S3ExportRequest,
    S3Folder,
    StepProgress,
    StoredImage,
    Timing,
)
from engines.types.datasets.looking import (
    MAX_RATING,
    THUMBNAIL_SIDES_PX,
    ImageFilter,
    ImageQuery,
    Review,
    ReviewChange,
)
from engines.types.deployments import DeploymentStanding
from tests.engines.types.examples import EXAMPLES

PIXELS = np.zeros((2, 3, 3), np.uint8)
IMAGE = GeneratedImage(PIXELS, "mini", None, "DDIMScheduler", {"policy": "off", "flagged": None})


def name_of(record: object) -> str:
    return type(record).__name__


def every_record() -> set[type]:
    """Frozen dataclasses and tuples of the package."""
    found: set[type] = set()
    for module in pkgutil.walk_packages(engines.types.__path__, "engines.types."):
        for each in vars(importlib.import_module(module.name)).values():
            if isinstance(each, type) and each.__module__ == module.name:
                named = issubclass(each, tuple) and hasattr(each, "_fields")
                if dataclasses.is_dataclass(each) or named:
                    found.add(each)
    return found


def test_examples_are_of_different_records_of_the_package() -> None:
    """`GeneratedImage` has its own tests: arrays do not compare as a whole."""
    kinds = [type(each) for each in EXAMPLES]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) <= every_record()


@pytest.mark.parametrize("record", EXAMPLES, ids=name_of)
def test_a_record_comes_out_of_another_process_as_it_went_in(record: object) -> None:
    again = pickle.loads(pickle.dumps(record))
    assert again == record
    assert type(again) is type(record)
    assert copy.deepcopy(record) == record
    assert repr(again) == repr(record)


@pytest.mark.parametrize("record", EXAMPLES, ids=name_of)
def test_a_record_never_changes(record: object) -> None:
    names = getattr(record, "_fields", None) or [f.name for f in dataclasses.fields(record)]  # type: ignore[arg-type]
    for name in names:
        with pytest.raises(AttributeError):
            setattr(record, name, None)
    with pytest.raises((AttributeError, TypeError)):
        setattr(record, "another", None)  # noqa: B010  # no field that nobody declared


@pytest.mark.parametrize("record", EXAMPLES, ids=name_of)
def test_a_record_that_differs_in_one_field_is_another(record: object) -> None:
    if not dataclasses.is_dataclass(record) or isinstance(record, S3Folder | S3ExportRequest):
        return
    for each in dataclasses.fields(record):
        other = copy.deepcopy(record)
        object.__setattr__(other, each.name, "something else")
        assert (other != record) == each.compare, each.name


@pytest.mark.parametrize("kind", sorted(every_record(), key=str))
def test_defaults_are_not_shared_between_records(kind: type) -> None:
    if dataclasses.is_dataclass(kind):
        for each in dataclasses.fields(kind):
            assert not isinstance(each.default, dict | list | set), each.name


@pytest.mark.parametrize("kind", sorted(every_record(), key=str))
def test_every_record_says_what_it_is(kind: type) -> None:
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")  # what dataclasses write themselves


def test_what_the_package_offers_is_there() -> None:
    assert sorted(engines.types.__all__) == sorted(set(engines.types.__all__))
    for name in engines.types.__all__:
        assert hasattr(engines.types, name), name


# Generation


def plain() -> GenerationRequest:
    return GenerationRequest("i", "a fox", "mini", 64, 64, 4, 5.0, 7)


def test_a_request_without_wishes_is_one_image_in_no_dataset() -> None:
    request = plain()
    nothing = ("negative_prompt", "dataset", "profile", "lora", "deadline_s", "space", "speed")
    assert all(getattr(request, name) is None for name in nothing)
    assert request.profile_strength == 1
    assert (request.previews, request.alone, request.fingerprint, request.repeated) == (False,) * 4
    assert request.progress is True


def test_two_requests_share_neither_labels_nor_metadata() -> None:
    assert plain().labels is not plain().labels
    assert plain().metadata is not plain().metadata
    assert plain() == plain()


def test_a_generated_image_travels_with_its_pixels() -> None:
    again = pickle.loads(pickle.dumps(IMAGE))
    assert np.array_equal(again.pixels, PIXELS)
    assert (again.served_model, again.notes, again.timing) == ("mini", (), Timing())


def test_the_parts_of_the_time_are_the_whole() -> None:
    timing = Timing(0.5, 1.0, 0.25, 0.125)
    assert sum(dataclasses.astuple(timing)) == 1.875
    assert sum(dataclasses.astuple(Timing())) == 0


def test_an_event_is_progress_or_the_image() -> None:
    assert typing.get_args(engines.types.GenerationEvent) == (StepProgress, StoredImage)
    assert StepProgress(1, 4).preview_jpeg is None
    assert StoredImage("k", "m", 1, "s", 2).tries == 1


# Exports


@pytest.mark.parametrize(
    ("exported", "skipped", "status"),
    [
        *((0, 0, "failed"), (0, 1, "failed")),
        *((1, 0, "success"), (1, 1, "partial"), (1000, 1, "partial")),
    ],
)
def test_an_export_succeeds_partly_or_not_at_all(exported: int, skipped: int, status: str) -> None:
    assert ExportReport(exported, "exports/a", 1, skipped_count=skipped).status == status


def test_a_filter_takes_all_unless_it_is_told() -> None:
    plain = ExportFilter()
    assert (plain.quality_passed, plain.privacy_passed, plain.labels) == (False, False, {})
    rest = (plain.min_quality_score, plain.since, plain.decision, plain.min_rating)
    assert rest == (None, None, None, None)


def test_an_export_is_whole_unless_it_is_told() -> None:
    request = ExportRequest("parquet", "generated/birds", "exports/a.parquet")
    assert request.include_metadata
    assert request.include_annotations
    assert request.filter == ExportFilter()
    assert (request.splits, request.split_by, request.class_label) == (None, "id", None)


@pytest.mark.parametrize("bucket", ["", "No", "a", "10.0.0.1", "arn:aws:s3:::b", "b-s3alias"])
def test_no_request_to_a_bucket_is_made_with_a_name_that_is_none(bucket: str) -> None:
    with pytest.raises(InvalidParameters, match="bucket_name"):
        S3ExportRequest("generated/birds", bucket, "a")
    with pytest.raises(InvalidParameters, match="source_url"):
        S3Folder(bucket, "a")


def test_a_folder_of_a_bucket_has_one_spelling() -> None:
    assert S3ExportRequest("generated/birds", "photos", "/a/b/").s3_prefix == "a/b"
    assert S3Folder("photos", "a/") == S3Folder("photos", "/a")
    assert len({S3Folder("photos", "a/"), S3Folder("photos", "a")}) == 1


# Profiles


def test_two_requests_for_a_profile_are_equal_and_yet_two() -> None:
    one, other = ProfileRequest("office", "uploads/x"), ProfileRequest("office", "uploads/x")
    assert one == other
    assert one.request_id != other.request_id
    assert copy.deepcopy(one).request_id == one.request_id


# Looking


def test_a_filter_of_images_shows_all_unless_it_is_told() -> None:
    plain = ImageFilter()
    for each in dataclasses.fields(plain):
        assert not getattr(plain, each.name), each.name
    assert ImageQuery("birds").limit == 100


def test_nobody_has_said_anything_of_a_new_image() -> None:
    assert Review() == Review(0, (), None, None, None)
    assert ReviewChange() == ReviewChange(None, (), (), None)
    assert MAX_RATING == 5


def test_thumbnails_double_from_size_to_size() -> None:
    assert all(larger == 2 * side for side, larger in pairwise(THUMBNAIL_SIDES_PX))


@pytest.mark.parametrize("status", ["HEALTHY", "UPDATING", "UNHEALTHY", "healthy", ""])
def test_a_deployment_is_healthy_in_ray_serves_own_word_only(status: str) -> None:
    standing = DeploymentStanding("pool", status, "", 1, running=1, starting=0, stopping=0)
    assert standing.healthy == (status == "HEALTHY")

"""A replica that dies under a call: another one makes it once more, wherever that does no harm."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from ray.exceptions import ActorDiedError

from deployments.adapters.handles import (
    HandleDatasets,
    HandleExporter,
    HandlePrivacy,
    HandleProfiles,
)
from engines.datasets.store.copies import keep_copy
from engines.errors import Conflict, InferloopError, JsonValue, NotFound, ReplicaLost
from engines.profiles import ProfileService
from engines.storage.folder.storage import FolderStorage
from engines.types import (
    DatasetSummary,
    ExportProgress,
    ExportReport,
    ExportRequest,
    ProfileRequest,
)
from tests.deployments.adapters.test_adapters import Response, Stream
from tests.deployments.adapters.test_remote import Recording

EXPORT = ExportRequest("jsonl", "generated/set", "exports/set.jsonl")
REPORT = ExportReport(exported_count=2, output_key="exports/set.jsonl", file_size_bytes=9)
DIED = ActorDiedError()


def died_then(answer: Any = None, error: Exception | None = None) -> Recording:
    return Recording(Response(error=DIED), Response(answer, error))


async def test_the_list_of_datasets_is_read_again() -> None:
    assert await HandleDatasets(died_then([])).list(10) == []
    summary = DatasetSummary("set", 0, 0, None, {})
    assert await HandleDatasets(died_then(summary)).get("set") is summary


async def test_a_profile_is_made_again_by_the_same_request() -> None:
    handle = died_then("profile")
    await HandleProfiles(handle).create(ProfileRequest("p", "uploads"))
    (first,), (second,) = (arguments for _, arguments, _ in handle.asked)
    assert first.request_id == second.request_id != ""


async def test_an_image_is_anonymized_again_under_the_same_name() -> None:
    handle = died_then("report")
    await HandlePrivacy(handle).anonymize("a.png", "blur", "copy.png")
    assert [arguments for _, arguments, _ in handle.asked] == [("a.png", "blur", "copy.png")] * 2


async def test_what_the_dead_replica_removed_is_removed() -> None:
    await HandleDatasets(died_then(error=NotFound("dataset", "set"))).delete("set")
    await HandleProfiles(died_then(error=NotFound("profile", "p"))).delete("p")


async def test_what_was_never_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        await HandleDatasets(Recording(Response(error=NotFound("dataset", "set")))).delete("set")


async def test_two_deaths_are_told() -> None:
    with pytest.raises(ReplicaLost):
        await HandleDatasets(died_then(error=DIED)).list()


async def read(events: AsyncGenerator[Any, None]) -> list[Any]:
    return [event async for event in events]


async def test_an_export_is_run_again_and_its_progress_begins_anew() -> None:
    first, second = ExportProgress(1, 2), ExportProgress(2, 2)
    handle = Recording(Stream([first], DIED), Stream([first, second, REPORT]))
    assert await read(HandleExporter(handle).export(EXPORT)) == [first, first, second, REPORT]


async def test_an_export_whose_target_is_not_free_yet_may_be_asked_for_again() -> None:
    """The replica died on another machine: its lease runs on for some seconds."""
    handle = Recording(Stream([], DIED), Stream([], Conflict("An export is running")))
    with pytest.raises(ReplicaLost, match="20 s"):
        await read(HandleExporter(handle).export(EXPORT))


async def test_an_export_that_somebody_else_runs_is_a_conflict_at_once() -> None:
    handle = Recording(Stream([], Conflict("An export is running")))
    with pytest.raises(Conflict):
        await read(HandleExporter(handle).export(EXPORT))


async def test_an_export_that_the_client_leaves_is_canceled_not_repeated() -> None:
    running = Stream([ExportProgress(1, 2), REPORT])
    handle = Recording(running)
    events = HandleExporter(handle).export(EXPORT)
    await anext(events)
    await events.aclose()
    assert running.canceled
    assert len(handle.asked) == 1


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(tmp_path)
    pixels = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    storage.put_new("uploads/a.png", buffer.getvalue())
    return storage


@pytest.mark.parametrize("update", [False, True])
def test_a_profile_that_was_made_before_the_death_is_the_answer(
    storage: FolderStorage, update: bool
) -> None:
    """And no image is counted twice."""
    profiles = ProfileService(storage, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    if update:
        profiles.create(ProfileRequest("p", "uploads"))
    request = ProfileRequest("p", "uploads", update)
    made = profiles.create(request)
    assert profiles.create(request) == made
    with pytest.raises(Conflict):
        profiles.create(ProfileRequest("p", "uploads"))
    assert profiles.create(ProfileRequest("p", "uploads", update=True)).sample_count == (
        made.sample_count + 1
    )


LINEAGE: dict[str, JsonValue] = {"source_key": "uploads/a.png"}


@pytest.mark.parametrize("written", [("copy.json",), ("copy.json", "copy.png")])
def test_a_copy_that_a_dead_replica_began_is_completed(
    storage: FolderStorage, tmp_path: Path, written: tuple[str, ...]
) -> None:
    keep_copy(storage, "uploads/copy.png", b"png", LINEAGE)
    for name in {"copy.json", "copy.png"} - {*written}:
        storage.delete(f"uploads/{name}")
    keep_copy(storage, "uploads/copy.png", b"png", LINEAGE)
    assert storage.read("uploads/copy.png") == b"png"


def test_another_image_of_that_name_stays(storage: FolderStorage) -> None:
    keep_copy(storage, "uploads/copy.png", b"png", LINEAGE)
    with pytest.raises(InferloopError):
        keep_copy(storage, "uploads/copy.png", b"another", LINEAGE)
    assert storage.read("uploads/copy.png") == b"png"

"""An export is whole or absent, and two never mix."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from engines.datasets.export_config import ExportConfig
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.datasets.writers.lock import LOCK_FOLDER, ExportLock, hold_lock
from engines.errors import Conflict, StorageFailed
from engines.protocols import Storage
from engines.types import ExportProgress, ExportRequest

MakeRequest = Callable[..., ExportRequest]
FORMATS = [
    ("jsonl", "exports/a.jsonl"),
    ("parquet", "exports/a.parquet"),
    ("webdataset", "exports/a"),
]


class Died(Exception):
    """The exporting process, killed."""


def die(_: ExportProgress) -> None:
    raise Died


def contents(storage: Storage) -> dict[str, bytes]:
    return {stat.key: storage.read(stat.key) for stat in storage.list("exports")}


@pytest.mark.parametrize(("format_", "target"), FORMATS)
def test_an_export_that_dies_leaves_no_file(
    exporter: DatasetExporter,
    storage: Storage,
    nature: list[str],
    make_request: MakeRequest,
    format_: str,
    target: str,
) -> None:
    with pytest.raises(Died):
        exporter.export(make_request(target, format=format_), die)
    assert contents(storage) == {}


@pytest.mark.parametrize(("format_", "target"), FORMATS)
def test_an_export_that_dies_leaves_the_old_one(
    exporter: DatasetExporter,
    storage: Storage,
    nature: list[str],
    make_request: MakeRequest,
    make_image_key: Callable[..., str],
    format_: str,
    target: str,
) -> None:
    exporter.export(make_request(target, format=format_))
    before = contents(storage)
    make_image_key(99)
    with pytest.raises(Died):
        exporter.export(make_request(target, format=format_), die)
    assert contents(storage) == before


def test_of_two_exports_to_one_target_one_is_refused(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    refused: list[Conflict] = []

    def second(progress: ExportProgress) -> None:
        if progress.done < progress.total:
            return
        try:
            exporter.export(make_request("exports/a.jsonl"))
        except Conflict as error:
            refused.append(error)
        exporter.export(make_request("exports/b.jsonl"))

    report = exporter.export(make_request("exports/a.jsonl"), second)
    assert len(refused) == 1
    assert "exports/a.jsonl is running" in refused[0].message
    assert report.exported_count == 10
    assert storage.read("exports/a.jsonl") == storage.read("exports/b.jsonl")
    assert list(storage.list(LOCK_FOLDER)) == []


def test_the_lock_of_a_dead_exporter_expires(
    exporter: DatasetExporter,
    storage: Storage,
    clock: Any,
    nature: list[str],
    make_request: MakeRequest,
) -> None:
    ExportLock(storage, "exports/a.jsonl", clock, 300.0).acquire()
    with pytest.raises(Conflict):
        exporter.export(make_request("exports/a.jsonl"))
    clock.now += timedelta(seconds=301)
    assert exporter.export(make_request("exports/a.jsonl")).exported_count == 10


def test_an_exporter_whose_lock_was_taken_publishes_nothing(
    exporter: DatasetExporter,
    storage: Storage,
    clock: Any,
    nature: list[str],
    make_request: MakeRequest,
) -> None:
    """It slept too long; meanwhile another took over and is writing."""
    other = ExportLock(storage, "exports/a.jsonl", clock, 300.0)

    def oversleep(_: ExportProgress) -> None:
        clock.now += timedelta(seconds=400)
        other.acquire()

    with pytest.raises(Conflict):
        exporter.export(make_request("exports/a.jsonl"), oversleep)
    assert [stat.key for stat in storage.list("exports")] == [other.key]
    other.renew(force=True)


def test_a_lock_is_renewed_while_work_goes_on(storage: Storage, clock: Any) -> None:
    with hold_lock(storage, "t", clock, 100.0) as lock:
        clock.now += timedelta(seconds=90)
        lock.renew()
        clock.now += timedelta(seconds=90)
        with pytest.raises(Conflict):
            ExportLock(storage, "t", clock, 100.0).acquire()


def test_a_lock_that_is_not_json_expires_by_its_age(storage: Storage, clock: Any) -> None:
    lock = ExportLock(storage, "t", clock, 300.0)
    storage.put_new(lock.key, b"{")
    clock.now = storage.stat(lock.key).modified_at
    with pytest.raises(Conflict):
        lock.acquire()
    clock.now += timedelta(seconds=400)
    lock.acquire()
    lock.release()
    assert list(storage.list(LOCK_FOLDER)) == []


def test_of_two_who_take_over_one_gets_it(storage: Storage, clock: Any) -> None:
    ExportLock(storage, "t", clock, 10.0).acquire()
    clock.now += timedelta(seconds=100)
    ExportLock(storage, "t", clock, 10.0).acquire()
    with pytest.raises(Conflict):
        ExportLock(storage, "t", clock, 10.0).acquire()


def test_a_failing_store_fails_the_export_and_frees_the_target(
    storage: Storage, store: DatasetStore, nature: list[str], make_request: MakeRequest
) -> None:
    class NoRoom:
        def __getattr__(self, name: str) -> Any:
            return getattr(storage, name)

        def create(self, key: str) -> Any:
            raise StorageFailed("The data root is full")

    broken: Any = NoRoom()
    with pytest.raises(StorageFailed):
        DatasetExporter(broken, store, ExportConfig()).export(make_request("exports/a.jsonl"))
    assert contents(storage) == {}


def test_cards_of_two_exports_in_one_folder_do_not_collide(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    for format_, target in FORMATS:
        exporter.export(make_request(target, format=format_))
    names = {stat.key for stat in storage.list("exports")}
    assert {
        "exports/a.jsonl.README.md",
        "exports/a.jsonl.croissant.json",
        "exports/a.jsonl.features.json",
        "exports/a.parquet.README.md",
        "exports/a.parquet.croissant.json",
        "exports/a/README.md",
        "exports/a/croissant.json",
        "exports/a/manifest.json",
    } <= names
    croissant = orjson.loads(storage.read("exports/a.parquet.croissant.json"))
    assert croissant["distribution"][0]["contentUrl"] == "a.parquet"

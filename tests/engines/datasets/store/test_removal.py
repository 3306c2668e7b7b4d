"""Images and exports taken away, with what belongs to them and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.removal import delete_export, delete_image
from engines.datasets.writers.lock import hold_lock
from engines.errors import Conflict, InsufficientStorage, NotFound
from engines.protocols import Storage
from engines.types import QualityReport
from tests.engines.storage.conftest import MakeRequest
from tests.engines.storage.doubles import CountingStorage

MakeImage = Callable[[int], Any]


def keys_of(storage: Storage, prefix: str) -> list[str]:
    return [stat.key for stat in storage.list(prefix) if "/." not in stat.key]


def test_an_image_goes_with_recipe_verdicts_and_annotations(
    store: DatasetStore,
    recorder: ImageRecorder,
    make_request: MakeRequest,
    make_image: MakeImage,
) -> None:
    kept = recorder.record(make_request("image_2"), make_image(2)).key
    key = recorder.record(make_request("image_1"), make_image(1)).key
    store.record_verdict(key, QualityReport(key, 0.7, {}, True, "quality/1"))
    for suffix in (".coco.json", ".txt", ".xml"):
        store.storage.put_new(f"generated/nature/image_1{suffix}", b"x")
    assert store.summary("nature").image_count == 2
    removed = delete_image(store, key)
    assert len(removed) == 6
    assert keys_of(store.storage, "generated") == ["generated/nature/image_2.json", kept]
    assert store.summary("nature").image_count == 1
    with pytest.raises(NotFound):
        delete_image(store, key)


def test_another_image_of_the_same_stem_keeps_what_lies_beside_both(storage: Storage) -> None:
    for name in ("a.png", "a.JPG", "a.json", "ab.png", "ab.json"):
        storage.put_new(f"uploads/{name}", b"x")
    store = DatasetStore(storage)
    delete_image(store, "uploads/a.png")
    assert keys_of(storage, "uploads") == [
        "uploads/a.JPG",
        "uploads/a.json",
        "uploads/ab.json",
        "uploads/ab.png",
    ]
    delete_image(store, "uploads/a.JPG")
    assert keys_of(storage, "uploads") == ["uploads/ab.json", "uploads/ab.png"]


def test_an_exported_file_goes_with_its_cards(storage: Storage) -> None:
    for name in ("a.jsonl", "a.jsonl.README.md", "a.jsonl.croissant.json", "a.jsonl2", "b.jsonl"):
        storage.put_new(f"exports/{name}", b"x")
    removed = delete_export(DatasetStore(storage), "exports/a.jsonl")
    assert len(removed) == 3
    assert keys_of(storage, "exports") == ["exports/a.jsonl2", "exports/b.jsonl"]
    with pytest.raises(NotFound):
        delete_export(DatasetStore(storage), "exports/a.jsonl")


def test_a_folder_of_shards_goes_as_a_whole(storage: Storage) -> None:
    for name in ("s/run/1.tar", "s/run/2.tar", "s/manifest.json", "s2/x"):
        storage.put_new(f"exports/{name}", b"x")
    delete_export(DatasetStore(storage), "exports/s")
    assert keys_of(storage, "exports") == ["exports/s2/x"]


def test_an_export_that_is_being_written_is_not_taken_away(
    storage: Storage, store: DatasetStore
) -> None:
    storage.put_new("exports/a.jsonl", b"x")
    with hold_lock(storage, "exports/a.jsonl", store.clock, 600.0), pytest.raises(Conflict):
        delete_export(store, "exports/a.jsonl")
    delete_export(store, "exports/a.jsonl")


def test_deleting_needs_no_room(store: DatasetStore, counting: CountingStorage) -> None:
    counting.put_new("uploads/a.png", b"x")
    counting.put_new("exports/a.jsonl", b"x")
    counting.full = {"put_new": "", "replace": "", "create": "", "append": ""}
    with pytest.raises(InsufficientStorage):
        counting.put_new("uploads/b.png", b"x")
    delete_image(store, "uploads/a.png")
    delete_export(store, "exports/a.jsonl")
    assert keys_of(counting, "") == []

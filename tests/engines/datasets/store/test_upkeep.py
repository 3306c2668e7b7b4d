"""What a crash or a restored backup leaves is put in order, and trouble stops nothing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.crashes import upkeep
from engines.errors import StorageFailed
from engines.storage.folder.storage import FolderStorage
from engines.storage.keys import TEMPORARY_PREFIX
from engines.types import GeneratedImage, GenerationRequest, ObjectStat, QualityReport

Fill = Callable[..., None]
PETS, NATURE = "generated/pets", "generated/nature"


@pytest.fixture
def fill(
    store: DatasetStore,
    make_request: Callable[..., GenerationRequest],
    make_image: Callable[[int], GeneratedImage],
) -> Fill:
    """Records two images in each dataset."""

    def fill(*datasets: str) -> None:
        recorder = ImageRecorder(store, {})
        for dataset in datasets:
            for number in range(2):
                request = make_request(f"image_{number}", dataset=dataset)
                recorder.record(request, make_image(number))

    return fill


def indexed(store: DatasetStore, dataset: str) -> list[bool]:
    return [record.indexed for record in store.iter_records(dataset)]


def test_lost_index_lines_come_back_in_every_dataset(
    store: DatasetStore, counting: Any, fill: Fill
) -> None:
    fill("pets")
    counting.failing = {"append": ".jsonl"}
    fill("nature")
    counting.failing = {}
    assert (indexed(store, PETS), indexed(store, NATURE)) == ([True] * 2, [False] * 2)
    upkeep(store)
    assert (indexed(store, PETS), indexed(store, NATURE)) == ([True] * 2, [True] * 2)


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_a_restored_backup_is_indexed_again(
    tmp_path: Path, store: DatasetStore, fill: Fill
) -> None:
    """Its files are other versions, so no verdict of the index is believed."""
    fill("nature")
    for number in range(2):
        key = f"{NATURE}/image_{number}.png"
        store.record_verdict(key, QualityReport(key, 0.9, {}, True, "quality/2"))
    shutil.copytree(tmp_path / "root", tmp_path / "restored")
    restored = DatasetStore(FolderStorage(tmp_path / "restored"))
    assert indexed(restored, NATURE) == [False] * 2
    upkeep(restored)
    assert indexed(restored, NATURE) == [True] * 2


def test_old_temporary_files_go(tmp_path: Path) -> None:
    old, fresh = tmp_path / f"{TEMPORARY_PREFIX}old", tmp_path / f"{TEMPORARY_PREFIX}fresh"
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    upkeep(DatasetStore(FolderStorage(tmp_path)))
    assert not old.exists()
    assert fresh.exists()


def test_an_empty_data_root_needs_none(tmp_path: Path) -> None:
    upkeep(DatasetStore(FolderStorage(tmp_path / "absent")))
    assert not (tmp_path / "absent" / "generated").exists()


class Unreadable(FolderStorage):
    """A disk that cannot list one dataset."""

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        if prefix == NATURE:
            raise StorageFailed("input/output error")
        return super().list(prefix, after)


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_trouble_with_one_dataset_is_logged_and_the_next_is_repaired(
    tmp_path: Path, counting: Any, fill: Fill, caplog: pytest.LogCaptureFixture
) -> None:
    counting.failing = {"append": ".jsonl"}
    fill("nature", "pets")
    store = DatasetStore(Unreadable(tmp_path / "root"))
    upkeep(store)
    assert "not done: images of nature indexed again (input/output error)" in caplog.text
    assert indexed(store, PETS) == [True] * 2

"""Reading a dataset needs no disk, unless the dataset is large."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.store.temporary import CACHE_KIB, scratch_errors, temporary_database
from engines.errors import InsufficientStorage
from engines.types import GeneratedImage
from tests.engines.storage.conftest import MakeRequest

MakeImage = Callable[[int], GeneratedImage]

TABLE = "CREATE TABLE t (body BLOB)"


def open_files() -> set[str]:
    """The files that this process has open, with a name or without."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            target = os.readlink(descriptor)
            if target.startswith("/"):
                found.add(target)
    return found


def test_a_small_dataset_is_read_without_a_file(
    store: DatasetStore, make_request: MakeRequest, make_image: MakeImage
) -> None:
    recorder = ImageRecorder(store, {})
    for number in range(3):
        recorder.record(make_request(f"image_{number}"), make_image(number))
    before = open_files()
    with store.snapshot("generated/nature") as snapshot:
        reading = snapshot.records()
        next(reading)
        assert open_files() == before


def test_a_large_database_is_in_a_file_and_the_file_ends_with_it() -> None:
    before = open_files()
    with closing(temporary_database(TABLE)) as database:
        for _ in range(2 * CACHE_KIB // 1024):
            database.execute("INSERT INTO t VALUES (zeroblob(1048576))")
        assert len(open_files() - before) == 1
    assert open_files() == before


def test_a_full_disk_is_told_as_what_it_is() -> None:
    with closing(temporary_database(TABLE)) as database:
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(InsufficientStorage, match="temporary files is full"), scratch_errors():
            database.execute("INSERT INTO t VALUES (zeroblob(65536))")


def test_so_is_a_folder_in_which_no_file_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(InsufficientStorage, match="TMPDIR"), scratch_errors():
        sqlite3.connect(tmp_path / "missing" / "database")


def test_another_error_of_the_database_is_not_hidden() -> None:
    with (
        closing(temporary_database(TABLE)) as database,
        pytest.raises(sqlite3.OperationalError, match="no such table"),
        scratch_errors(),
    ):
        database.execute("SELECT * FROM missing")


def test_what_is_kept_takes_little_more_room_than_itself() -> None:
    """Else ten thousand images would need a file: with small pages, each recipe fills one."""
    table = "CREATE TABLE t (name TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID"
    recipe, images = b"x" * 1200, 1000
    with closing(temporary_database(table)) as database:
        rows = ((f"image_{number:05}", recipe) for number in range(images))
        database.executemany("INSERT INTO t VALUES (?, ?)", rows)
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        (size_bytes,) = database.execute("PRAGMA page_size").fetchone()
    assert pages * size_bytes < 2 * images * len(recipe)

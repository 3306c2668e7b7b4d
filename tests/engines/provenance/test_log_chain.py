"""The log of marks: a chain that anybody can check with a hash function and nothing else."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engines.errors import InsufficientStorage
from engines.provenance.log import BEGINNING, LOG_FOLDER, MarkEntry, MarkLog
from engines.storage.folder.storage import FolderStorage

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
ENTRY = MarkEntry("created", "generated/a.png", "ab" * 32, "cd" * 32)


class Full(FolderStorage):
    full = False

    def append(self, key: str, record: bytes) -> None:
        if self.full:
            raise InsufficientStorage("no room")
        super().append(key, record)


def log(tmp_path: Path, segment_bytes: int = 2**20) -> tuple[Full, MarkLog]:
    storage = Full(tmp_path)
    return storage, MarkLog(storage, lambda: NOW, segment_bytes)


def lines(storage: FolderStorage) -> list[bytes]:
    """Of all segments, in the order of their names."""
    stats = storage.list(LOG_FOLDER)
    return [line for stat in stats for line in storage.read(stat.key).splitlines()]


def check(found: list[bytes]) -> None:
    before = BEGINNING
    for number, line in enumerate(found):
        entry: dict[str, Any] = json.loads(line)
        assert (entry["n"], entry["before"]) == (number, before)
        before = hashlib.sha256(line).hexdigest()


def test_every_line_holds_the_hash_of_the_line_before(tmp_path: Path) -> None:
    storage, marks = log(tmp_path)
    for _ in range(5):
        marks.append(ENTRY)
    check(lines(storage))
    assert len(lines(storage)) == 5


@pytest.mark.parametrize("segment_bytes", [1, 300, 700])
def test_the_chain_goes_on_over_its_segments(tmp_path: Path, segment_bytes: int) -> None:
    storage, marks = log(tmp_path, segment_bytes)
    for _ in range(8):
        marks.append(ENTRY)
    assert len(list(storage.list(LOG_FOLDER))) > 1
    check(lines(storage))


def test_a_line_that_was_changed_or_taken_out_is_seen(tmp_path: Path) -> None:
    storage, marks = log(tmp_path)
    for _ in range(4):
        marks.append(ENTRY)
    found = lines(storage)
    for changed in (found[:1] + found[2:], [found[0].replace(b"a.png", b"b.png"), *found[1:]]):
        with pytest.raises(AssertionError):
            check(changed)


def test_what_is_not_known_is_not_in_the_line(tmp_path: Path) -> None:
    storage, marks = log(tmp_path)
    marks.append(ENTRY)
    (line,) = lines(storage)
    assert set(json.loads(line)) == {
        *("n", "before", "time", "event", "key", "file_sha256", "signer")
    }


def test_where_a_line_may_be_torn_a_new_chain_begins(tmp_path: Path) -> None:
    storage, marks = log(tmp_path)
    marks.append(ENTRY)
    first = marks.segment
    storage.full = True
    with pytest.raises(InsufficientStorage):
        marks.append(ENTRY)
    storage.full = False
    marks.append(ENTRY)
    assert marks.segment != first
    for stat in storage.list(LOG_FOLDER):
        check(storage.read(stat.key).splitlines())


def test_threads_write_one_chain_and_processes_each_their_own(tmp_path: Path) -> None:
    storage, marks = log(tmp_path)
    threads = [threading.Thread(target=marks.append, args=(ENTRY,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(lines(storage))
    MarkLog(storage, lambda: NOW).append(ENTRY)
    assert len(list(storage.list(LOG_FOLDER))) == 2

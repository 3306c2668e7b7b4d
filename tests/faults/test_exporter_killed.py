"""An exporter that is killed or stopped: its target is free at once, nothing of it stays, and what
wakes up too late publishes nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from engines.datasets.sidecars.moments import moment_of
from engines.datasets.store.store import DatasetStore, UtcClock, utc_now
from engines.datasets.upkeep.crashes import upkeep
from engines.datasets.writers.holder import Holder, is_dead, this_process
from engines.datasets.writers.leftovers import sweep_target
from engines.datasets.writers.lock import LOCK_FOLDER, ExportLock, hold_lock
from engines.datasets.writers.webdataset import publish_manifest
from engines.errors import Conflict
from engines.storage.folder.storage import FolderStorage
from engines.types import ObjectStat
from tests.faults.conftest import Exporting
from tests.waiting import wait_for

TARGET = "exports/a.jsonl"
Start = Callable[[str, float], Exporting]
LONG_S = 3600.0


def temporary_files(root: Path) -> list[Path]:
    return sorted(root.rglob(".tmp-*"))


def make_older(paths: list[Path]) -> None:
    """As if they had been written a minute ago."""
    for path in paths:
        os.utime(path, (time.time() - 60, time.time() - 60))


def kill(process: Exporting) -> None:
    process.kill()
    process.wait()


def takes(storage: FolderStorage, clock: UtcClock = utc_now) -> bool:
    """Whether another export gets the target, at the time that `clock` tells."""
    try:
        ExportLock(storage, TARGET, clock, LONG_S).acquire()
    except Conflict:
        return False
    return True


def test_a_killed_exporters_target_is_free_at_once(tmp_path: Path, start_exporting: Start) -> None:
    storage = FolderStorage(tmp_path)
    process = start_exporting(TARGET, LONG_S)
    assert not takes(storage)
    kill(process)
    assert takes(storage)


def test_a_target_is_not_taken_from_an_exporter_that_lives(
    tmp_path: Path, start_exporting: Start
) -> None:
    """It works on one image for longer than its lease, and renews the lock meanwhile."""
    storage = FolderStorage(tmp_path)
    start_exporting(TARGET, 2.0)
    lock = next(storage.list(LOCK_FOLDER))
    first = storage.read(lock.key)
    first_lease_ends = moment_of(orjson.loads(first)["expires_at"])
    wait_for(lambda: storage.read(lock.key) != first)
    assert not takes(storage, lambda: first_lease_ends)


def test_a_stopped_exporter_that_wakes_up_publishes_nothing(
    tmp_path: Path, start_exporting: Start
) -> None:
    storage = FolderStorage(tmp_path)
    process = start_exporting(TARGET, 0.5)
    process.send_signal(signal.SIGSTOP)
    wait_for(lambda: takes(storage))
    storage.replace(TARGET, b"of the other")
    process.send_signal(signal.SIGCONT)
    said, _ = process.communicate("go on\n", timeout=60)
    assert said == f"Another export to {TARGET} has taken over\n"
    assert storage.read(TARGET) == b"of the other"
    assert not takes(storage)  # it did not release the other's lock
    assert temporary_files(tmp_path) == []


def test_the_next_export_sweeps_the_half_file_of_a_killed_one(
    tmp_path: Path, start_exporting: Start
) -> None:
    kill(start_exporting(TARGET, LONG_S))
    make_older(temporary_files(tmp_path))
    sweep_target(FolderStorage(tmp_path), TARGET)
    assert temporary_files(tmp_path) == []


def test_the_half_file_of_an_exporter_that_lives_stays(
    tmp_path: Path, start_exporting: Start
) -> None:
    start_exporting("exports/b.jsonl", LONG_S)
    make_older(half := temporary_files(tmp_path))
    sweep_target(FolderStorage(tmp_path), TARGET)
    upkeep(DatasetStore(FolderStorage(tmp_path)))
    assert temporary_files(tmp_path) == half != []


def test_a_start_leaves_neither_lock_nor_half_file_nor_half_run(
    tmp_path: Path, start_exporting: Start
) -> None:
    storage = FolderStorage(tmp_path)
    kill(start_exporting("exports/shards", LONG_S))
    storage.put_new("exports/shards/run-dead/data-000000.tar", b"of the dead")
    storage.put_new("exports/other/run-alive/data-000000.tar", b"of the living")
    make_older(temporary_files(tmp_path))
    with hold_lock(storage, "exports/other", utc_now):
        upkeep(DatasetStore(storage))
    assert [stat.key for stat in storage.list("exports")] == [
        "exports/other/run-alive/data-000000.tar"
    ]
    assert temporary_files(tmp_path) == []


def test_the_run_that_the_manifest_names_stays(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("exports/a/run-1/data-000000.tar", b"whole")
    publish_manifest(storage, "exports/a", "run-1", [])
    storage.put_new("exports/a/run-2/data-000000.tar", b"half")
    assert sweep_target(storage, "exports/a") == 1
    assert {stat.key for stat in storage.list("exports")} == {
        "exports/a/manifest.json",
        "exports/a/run-1/data-000000.tar",
    }


class AnswerLost(FolderStorage):
    """Writes, and loses the answer once."""

    lost = False

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        stat = super().replace(key, content, if_match)
        if not self.lost:
            self.lost = True
            raise TimeoutError
        return stat


def test_a_renewal_whose_answer_was_lost_is_still_ours(tmp_path: Path) -> None:
    with hold_lock(AnswerLost(tmp_path), TARGET, utc_now, LONG_S) as lock:
        with pytest.raises(TimeoutError):
            lock.renew(force=True)
        lock.renew(force=True)
        assert not takes(FolderStorage(tmp_path))


def test_a_process_id_that_went_to_another_process_is_no_holder() -> None:
    own = this_process()
    assert own.machine
    assert not is_dead(own)
    assert is_dead(own._replace(started="1"))


def test_nobody_knows_of_a_process_on_another_machine() -> None:
    ended = 2**22 + 1  # no process has this number
    assert is_dead(this_process()._replace(pid=ended))
    assert not is_dead(Holder("another machine", ended, "1"))


def test_without_proc_only_the_lease_counts(tmp_path: Path) -> None:
    unknown = this_process(tmp_path)
    assert unknown.machine == ""
    assert not is_dead(unknown, tmp_path)

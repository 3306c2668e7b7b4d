"""Locks of exports that live, died or were damaged, and what their exports left behind."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from engines.datasets.records.schema import columns
from engines.datasets.s3.manifest import ManifestEntry, ManifestWriter, read_entries
from engines.datasets.writers.folder import METADATA, FolderWriter
from engines.datasets.writers.holder import Holder, is_dead, this_process
from engines.datasets.writers.leftovers import sweep_dead_exports
from engines.datasets.writers.lock import LEASE_S, LOCK_FOLDER, ExportLock, hold_lock
from engines.datasets.writers.webdataset import publish_manifest, remove_runs, valid_run
from engines.errors import Conflict
from engines.protocols import Storage
from tests.engines.storage.doubles import StepClock

TARGET = "exports/foxes.jsonl"


def lock_of(storage: Storage, clock: StepClock, target: str = TARGET) -> ExportLock:
    return ExportLock(storage, target, clock, LEASE_S)


def left(storage: Storage, clock: StepClock, target: str = TARGET, **changes: Any) -> str:
    """A lock that another process holds, in another container; its key."""
    lock = lock_of(storage, clock, target)
    said = {
        "owner": "another",
        "target": target,
        "expires_at": (clock.now + timedelta(seconds=LEASE_S)).isoformat(),
        "holder": ["another machine", 7, "1"],
    }
    storage.replace(lock.key, orjson.dumps({**said, **changes}))
    return lock.key


class TestLocks:
    def test_a_lock_is_for_one_target_and_for_one_lease(
        self, storage: Storage, clock: StepClock
    ) -> None:
        left(storage, clock)
        with pytest.raises(Conflict, match="foxes"):
            lock_of(storage, clock).acquire()
        lock_of(storage, clock, "exports/cats.jsonl").acquire()
        clock.now += timedelta(seconds=LEASE_S + 1)
        lock_of(storage, clock).acquire()
        with pytest.raises(Conflict):
            lock_of(storage, clock).refuse_if_held()

    @pytest.mark.parametrize(
        "changes",
        [
            {"expires_at": "2026-01-01T00:00:20"},  # without a zone: of this machine's
            {"expires_at": "2026-01-01"},
            {"expires_at": "soon"},
            {"expires_at": None},
            {"expires_at": "0001-01-01T00:00:00+14:00"},
            {"holder": []},
            {"holder": None},
            {"owner": None, "expires_at": 7},
        ],
        ids=str,
    )
    def test_a_damaged_lock_holds_for_a_lease_at_most(
        self, storage: Storage, clock: StepClock, changes: dict[str, Any]
    ) -> None:
        left(storage, clock, **changes)
        stat = storage.stat(lock_of(storage, clock).key)
        clock.now = max(clock.now, stat.modified_at) + timedelta(days=2)
        lock_of(storage, clock).acquire()

    @pytest.mark.parametrize("pid", [0, -1, 2**40, -(2**40), "7", None, 1.5, [7]], ids=str)
    def test_a_holder_that_is_no_process_is_left_to_its_lease(
        self, storage: Storage, clock: StepClock, pid: Any
    ) -> None:
        left(storage, clock, holder=[this_process().machine, pid, "1"])
        with pytest.raises(Conflict):
            lock_of(storage, clock).acquire()
        clock.now += timedelta(seconds=LEASE_S + 1)
        lock_of(storage, clock).acquire()

    def test_a_holder_of_another_machine_is_left_to_its_lease(self) -> None:
        assert not is_dead(Holder("", os.getpid(), ""))
        assert not is_dead(Holder("another machine", 2**22, ""))

    def test_where_the_system_does_not_tell_nobody_is_dead(self, tmp_path: Path) -> None:
        unknown = this_process(tmp_path)
        assert unknown == Holder("", os.getpid(), "")
        assert not is_dead(unknown._replace(machine="x"), tmp_path)

    def test_who_lost_its_lock_hears_it_before_it_publishes(
        self, storage: Storage, clock: StepClock
    ) -> None:
        with hold_lock(storage, TARGET, clock) as lock:
            left(storage, clock)
            with pytest.raises(Conflict, match="taken over"):
                lock.renew(force=True)
        assert storage.stat(lock.key)  # it is another's by now

    def test_a_lock_is_renewed_when_a_part_of_its_lease_has_passed(
        self, storage: Storage, clock: StepClock
    ) -> None:
        lock = lock_of(storage, clock)
        lock.acquire()
        etag = storage.stat(lock.key).etag
        lock.renew()
        assert storage.stat(lock.key).etag == etag
        clock.now += timedelta(seconds=LEASE_S / 2)
        lock.renew()
        assert storage.stat(lock.key).etag != etag
        lock.release()
        assert list(storage.list(LOCK_FOLDER)) == []
        lock.release()  # once more does nothing


class TestLeftovers:
    def test_dead_exports_go_with_their_locks_and_living_ones_stay(
        self, storage: Storage, clock: StepClock
    ) -> None:
        left(storage, clock, "exports/dead", expires_at="2020-01-01T00:00:00+00:00")
        living = left(storage, clock, "exports/living")
        for folder in ("dead", "living"):
            storage.put_new(f"exports/{folder}/run-1/train-000000.tar", b"half")
        storage.put_new("exports/dead/mine.tar", b"of somebody else")
        assert sweep_dead_exports(storage, clock) == 2
        kept = [stat.key for stat in storage.list("exports")]
        assert kept == [
            living,
            "exports/dead/mine.tar",
            "exports/living/run-1/train-000000.tar",
        ]
        assert sweep_dead_exports(storage, clock) == 0

    def test_of_an_export_to_a_bucket_the_lock_alone_goes(
        self, storage: Storage, clock: StepClock
    ) -> None:
        left(storage, clock, "s3://bucket/foxes", expires_at="2020-01-01T00:00:00+00:00")
        assert sweep_dead_exports(storage, clock) == 1

    @pytest.mark.parametrize("content", [b"", b"no json", b"[]", b'{"owner": "x"}'])
    def test_a_lock_that_names_no_target_stays(
        self, storage: Storage, clock: StepClock, content: bytes
    ) -> None:
        storage.put_new(f"{LOCK_FOLDER}/x.json", content)
        assert sweep_dead_exports(storage, clock) == 0
        assert storage.read(f"{LOCK_FOLDER}/x.json") == content

    def test_runs_that_no_manifest_names_go(self, storage: Storage) -> None:
        for run in ("run-1", "run-12", "run-2"):
            storage.put_new(f"exports/s/{run}/train-000000.tar", b"x")
        assert valid_run(storage, "exports/s") is None
        publish_manifest(storage, "exports/s", "run-1", [])
        assert valid_run(storage, "exports/s") == "run-1"
        names = [stat.key for stat in storage.list("exports/s")]
        assert names == ["exports/s/manifest.json", "exports/s/run-1/train-000000.tar"]
        assert remove_runs(storage, "exports/s", None) == 1


class TestManifests:
    ENTRY = ManifestEntry("a.png", 3, "f" * 64, "etag", "source", "ACL=x")

    def test_what_is_written_is_read_line_by_line(self) -> None:
        file = io.BytesIO()
        writer = ManifestWriter(file)
        for key in ("a.png", 'b "quoted", 山.png'):
            writer.add(ManifestEntry(key, 3, "f" * 64, "etag", "source"))
        writer.finish({"count": 2})
        assert orjson.loads(file.getvalue())["count"] == 2
        lines = file.getvalue().splitlines()
        assert [entry.key for entry in read_entries(lines)] == ["a.png", 'b "quoted", 山.png']

    @pytest.mark.parametrize(
        "change",
        [
            {"size_bytes": {}},
            {"size_bytes": 2**63},
            {"size_bytes": "3"},
            {"size_bytes": True},
            {"key": None},
            {"sha256": ["f"]},
            {"later_field": 1},
        ],
        ids=str,
    )
    def test_a_line_of_somebody_elses_is_passed_over(self, change: dict[str, Any]) -> None:
        known = orjson.loads(orjson.dumps(self.ENTRY))
        lines = [orjson.dumps({**known, **change}), b"[1]", b"7", b"", orjson.dumps(known) + b","]
        assert list(read_entries(lines)) == [self.ENTRY]


class TestImageFolders:
    def test_a_second_try_leaves_nothing_of_the_first(self, storage: Storage) -> None:
        def written(*names: str) -> list[str]:
            table = columns(include_metadata=False, include_annotations=False)
            with FolderWriter(storage, "out", table) as writer:
                for name in names:
                    writer.add({"file_name": name, "format": "PNG", "id": name}, b"pixels")
                return [file.name for file in writer.finish()]

        assert written("a.png", "b.png") == ["a.png", "b.png", METADATA]
        assert written("b.png") == ["b.png", METADATA]
        assert [stat.key for stat in storage.list("out")] == ["out/b.png", f"out/{METADATA}"]
        assert orjson.loads(storage.read(f"out/{METADATA}"))["file_name"] == "b.png"
        assert written() == []
        assert list(storage.list("out")) == []

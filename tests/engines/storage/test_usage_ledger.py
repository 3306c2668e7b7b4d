"""Quotas: what an owner has stored, across processes, without walking the data root."""

from __future__ import annotations

import threading

import pytest

from engines.errors import InsufficientStorage
from engines.protocols import Storage
from engines.storage.usage import FOLDER, UsageLedger, owner_folder

ALICE = owner_folder("key", "alice")
BOB = owner_folder("space", "bob/../x")


class ManualClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_added_counts_for_its_owner_alone(storage: Storage) -> None:
    ledger = UsageLedger(storage)
    ledger.add(ALICE, "uploads/a.png", 100)
    ledger.add(ALICE, "uploads/b.png", 20)
    ledger.add(BOB, "uploads/c.png", 7)
    assert (ledger.used_bytes(ALICE), ledger.used_bytes(BOB)) == (120, 7)
    assert ledger.used_bytes(owner_folder("key", "carol")) == 0


def test_another_process_and_a_restart_see_the_same(storage: Storage) -> None:
    clock = ManualClock()
    here, there = UsageLedger(storage, clock), UsageLedger(storage, clock)
    assert there.used_bytes(ALICE) == 0
    here.add(ALICE, "uploads/a.png", 100)
    assert there.used_bytes(ALICE) == 0  # within the tolerance
    clock.now += 5.0
    assert there.used_bytes(ALICE) == 100
    there.add(ALICE, "uploads/b.png", 11)
    clock.now += 5.0
    assert here.used_bytes(ALICE) == 111
    assert UsageLedger(storage).used_bytes(ALICE) == 111


def test_past_the_quota_is_refused_before_anything_is_written(storage: Storage) -> None:
    ledger = UsageLedger(storage)
    ledger.add(ALICE, "uploads/a.png", 90)
    ledger.reserve(ALICE, quota_bytes=100, size_bytes=10)
    with pytest.raises(InsufficientStorage) as caught:
        ledger.reserve(ALICE, quota_bytes=100, size_bytes=1)
    assert caught.value.details == {"limit": "quota", "limit_bytes": 100, "used_bytes": 90}
    assert caught.value.message == (
        "The storage quota of 100 bytes has no room for 1 more: 90 are stored, "
        "10 are reserved by running requests"
    )
    ledger.release(ALICE, 10)
    ledger.reserve(ALICE, quota_bytes=100, size_bytes=10)


def test_many_at_once_do_not_pass_the_quota_together(storage: Storage) -> None:
    ledger = UsageLedger(storage)
    outcomes: list[bool] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        try:
            ledger.reserve(ALICE, quota_bytes=30, size_bytes=10)
        except InsufficientStorage:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcomes) == 3


def test_what_is_deleted_is_given_back_to_whoever_stored_it(storage: Storage) -> None:
    ledger = UsageLedger(storage)
    ledger.add(ALICE, "generated/nature/a.png", 100)
    ledger.add(ALICE, "generated/nature2/a.png", 10)
    ledger.add(BOB, "generated/nature/b.png", 7)
    ledger.forget("generated/nature")
    assert (ledger.used_bytes(ALICE), ledger.used_bytes(BOB)) == (10, 0)
    ledger.forget("generated/nature")  # once more gives nothing more
    ledger.forget("generated/nature2/a.png")
    assert ledger.used_bytes(ALICE) == 0
    assert UsageLedger(storage).used_bytes(ALICE) == 0


def test_what_was_never_counted_gives_nothing_back(storage: Storage) -> None:
    ledger = UsageLedger(storage)
    ledger.add(ALICE, "uploads/a.png", 5)
    ledger.forget("uploads/of_nobody.png")
    assert ledger.used_bytes(ALICE) == 5


def test_a_torn_line_spoils_nothing(storage: Storage) -> None:
    ledger = UsageLedger(storage)
    ledger.add(ALICE, "uploads/a.png", 5)
    storage.append(f"{FOLDER}/{ALICE}/other.jsonl", b'["uploads/b.png", 7]\n["upl')
    assert UsageLedger(storage).used_bytes(ALICE) == 12
    storage.append(f"{FOLDER}/{ALICE}/other.jsonl", b"]\nnonsense\n[1]\n")
    assert UsageLedger(storage).used_bytes(ALICE) == 12


@pytest.mark.slow
def test_shards_stay_small(storage: Storage) -> None:
    ledger = UsageLedger(storage)
    name = "uploads/" + "n" * 200
    for number in range(30):
        ledger.add(ALICE, f"{name}{number}", 1)
    assert ledger.used_bytes(ALICE) == 30
    assert all(s.size_bytes < 256 * 1024 for s in storage.list(f"{FOLDER}/{ALICE}"))

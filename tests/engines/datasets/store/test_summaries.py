"""Datasets are counted when they change, not whenever somebody lists them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.store.summaries import MAX_AGE_S, SummaryCache
from engines.errors import Canceled, NotFound
from engines.protocols import Storage, never_stopped
from engines.types import DatasetSummary
from tests.engines.storage.conftest import MakeRequest
from tests.waiting import PATIENCE_S

MakeImage = Callable[[int], Any]


class ManualClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """Counts how often it was counted; takes as long as it is told."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.times = 0
        self.took_s = 0.01
        self.version = (1,)

    def __call__(self) -> DatasetSummary:
        self.times += 1
        self.clock.now += self.took_s
        return DatasetSummary("nature", self.times, 0, None)


@pytest.fixture
def ticks() -> ManualClock:
    return ManualClock()


@pytest.fixture
def counted(ticks: ManualClock) -> Counting:
    return Counting(ticks)


def ask(cache: SummaryCache, counted: Counting) -> int:
    found = cache.get("nature", lambda: counted.version, counted, never_stopped)
    return found.image_count


def test_an_unchanged_dataset_is_counted_once(ticks: ManualClock, counted: Counting) -> None:
    cache = SummaryCache(ticks)
    assert [ask(cache, counted) for _ in range(3)] == [1, 1, 1]
    ticks.now += MAX_AGE_S
    assert ask(cache, counted) == 2


def test_a_changed_dataset_is_counted_again(ticks: ManualClock, counted: Counting) -> None:
    cache = SummaryCache(ticks)
    ask(cache, counted)
    counted.version = (2,)
    assert ask(cache, counted) == 2


def test_a_costly_dataset_that_keeps_changing_is_not_counted_all_the_time(
    ticks: ManualClock, counted: Counting
) -> None:
    cache = SummaryCache(ticks)
    counted.took_s = 3.0
    for number in range(10):
        counted.version = (number,)
        assert ask(cache, counted) == 1
    ticks.now += 15.0
    assert ask(cache, counted) == 2


def test_a_count_that_fails_is_not_kept(ticks: ManualClock, counted: Counting) -> None:
    def fails() -> DatasetSummary:
        raise NotFound("dataset", "nature")

    cache = SummaryCache(ticks)
    ask(cache, counted)
    counted.version = (2,)
    with pytest.raises(NotFound):
        cache.get("nature", lambda: counted.version, fails, never_stopped)
    assert ask(cache, counted) == 2


def test_who_waits_for_anothers_count_may_leave(ticks: ManualClock) -> None:
    cache = SummaryCache(ticks)
    begun, release = threading.Event(), threading.Event()

    def slow() -> DatasetSummary:
        begun.set()
        assert release.wait(PATIENCE_S)
        return DatasetSummary("nature", 1, 0, None)

    def left() -> None:
        raise Canceled("gone")

    first = threading.Thread(target=cache.get, args=("nature", lambda: (1,), slow, never_stopped))
    first.start()
    assert begun.wait(PATIENCE_S)
    with pytest.raises(Canceled):
        cache.get("nature", lambda: (1,), slow, left)
    release.set()
    first.join(PATIENCE_S)


def test_listing_follows_what_is_generated_judged_and_deleted(
    storage: Storage,
    recorder: ImageRecorder,
    make_request: MakeRequest,
    make_image: MakeImage,
    ticks: ManualClock,
) -> None:
    store = DatasetStore(storage, summaries=SummaryCache(ticks))
    recorder.record(make_request(), make_image(1))
    assert [s.image_count for s in store.list()] == [1]
    recorder.record(make_request("image_2"), make_image(2))
    assert [s.image_count for s in store.list()] == [2]
    store.delete("nature")
    assert store.list() == []


def test_a_file_put_in_by_hand_is_counted_on_a_folder(
    folder_storage: Storage, ticks: ManualClock
) -> None:
    store = DatasetStore(folder_storage, summaries=SummaryCache(ticks))
    folder_storage.put_new("generated/own/a.png", b"x")
    assert store.summary("own").image_count == 1
    time.sleep(0.02)  # longer than a tick of the kernel's clock
    folder_storage.put_new("generated/own/b.png", b"x")
    assert store.summary("own").image_count == 2


def test_datasets_are_listed_page_by_page(storage: Storage) -> None:
    names = ["B", "a", "a-b", "a.b", "b"]
    for name in names:
        storage.put_new(f"generated/{name}/x.png", b"x")
    storage.put_new("generated/no_images/readme.md", b"x")
    store = DatasetStore(storage)
    everything = [s.name for s in store.list()]
    assert sorted(everything) == sorted(names)
    found: list[str] = []
    while page := [s.name for s in store.list(2, found[-1] if found else None)]:
        assert len(page) <= 2
        found += page
    assert found == everything


def test_a_listing_stops_between_images_when_nobody_waits(storage: Storage) -> None:
    for number in range(20):
        storage.put_new(f"generated/nature/{number}.png", b"x")
    looks = 0

    def stop() -> None:
        nonlocal looks
        looks += 1
        if looks > 5:
            raise Canceled("gone")

    with pytest.raises(Canceled):
        DatasetStore(storage).list(stop=stop)
    assert looks == 6

"""What every store lists, whose job it hands out next, and what it knows of the queue."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engines.jobs.estimates import eta, position
from engines.jobs.model import Answer, Selection
from engines.jobs.store import JobStore
from tests.engines.jobs.drafts import Clock, draft


def ids(store: JobStore, selection: Selection) -> list[str]:
    return [job.id for job in store.list(selection, 100, None)]


def order(store: JobStore, passing_over: Sequence[str] = ()) -> list[str]:
    """Keys in the order in which their jobs are handed out; the jobs end at once."""
    keys = []
    while (run := store.claim(passing_over)) is not None:
        store.finish(run.lease, "succeeded", Answer(200, {}, "{}"))
        keys.append(run.job.owner.key_hash)
    return keys


def test_a_list_comes_in_pages_the_newest_first(store: JobStore) -> None:
    accepted = [store.accept(draft()).job for _ in range(7)]
    shown: list[str] = []
    cursor = None
    while page := store.list(Selection(None), 3, cursor):
        shown += [job.id for job in page]
        cursor = page[-1].seq
    assert shown == [job.id for job in reversed(accepted)]


def test_a_list_shows_what_was_asked_for(store: JobStore, clock: Clock) -> None:
    old = store.accept(draft(kind="export.jsonl", dataset="nature")).job.id
    clock.now += 10
    new = store.accept(draft(dataset="nature")).job.id
    other = store.accept(draft("bob")).job.id
    lab = store.accept(draft(space="lab")).job.id
    assert ids(store, Selection(None)) == [other, new, old]
    assert ids(store, Selection("lab")) == [lab]
    assert ids(store, Selection("nowhere")) == []
    assert ids(store, Selection(None, kind="generate")) == [other, new]
    assert ids(store, Selection(None, dataset="nature")) == [new, old]
    assert ids(store, Selection(None, key_hash="bob")) == [other]
    assert ids(store, Selection(None, since=clock.now)) == [other, new]
    assert ids(store, Selection(None, state="running")) == []
    assert ids(store, Selection(None, state="queued", kind="generate", dataset="nature")) == [new]


def test_keys_take_turns(store: JobStore) -> None:
    for _ in range(4):
        store.accept(draft("ann"))
    for _ in range(2):
        store.accept(draft("bob"))
    assert order(store) == ["ann", "bob", "ann", "bob", "ann", "ann"]


def test_one_image_of_another_key_waits_for_one_image(store: JobStore) -> None:
    for _ in range(20):
        store.accept(draft("ann"))
    first = store.claim()
    assert first is not None
    store.accept(draft("bob"))
    assert order(store)[:2] in (["bob", "ann"], ["ann", "bob"])


def test_a_dear_job_waits_its_turn(store: JobStore) -> None:
    store.accept(draft("ann", cost=3))
    for _ in range(4):
        store.accept(draft("bob"))
    assert order(store) == ["bob", "bob", "ann", "bob", "bob"]


def test_higher_classes_go_first(store: JobStore) -> None:
    for priority in ("low", "normal", "high"):
        store.accept(draft(priority, priority=priority))
    assert order(store) == ["high", "normal", "low"]


def test_no_class_starves(store: JobStore) -> None:
    for _ in range(30):
        store.accept(draft("busy", priority="high"))
    for _ in range(3):
        store.accept(draft("patient", priority="low"))
    assert store.queued() == {"low": 3, "normal": 0, "high": 30}
    order = [claimed.job.priority for _ in range(22) if (claimed := store.claim())]
    assert [place for place, each in enumerate(order, 1) if each == "low"] == [10, 20]
    assert store.queued() == {"low": 1, "normal": 0, "high": 10}


def test_keys_can_be_passed_over(store: JobStore) -> None:
    store.accept(draft("ann"))
    store.accept(draft("bob", priority="low"))
    assert order(store, ["ann"]) == ["bob"]
    assert order(store) == ["ann"]


def test_a_key_without_jobs_loses_its_place_and_what_it_saved(store: JobStore) -> None:
    dear = store.accept(draft("ann", cost=5)).job
    store.accept(draft("bob"))
    store.accept(draft("bob"))
    first = store.claim()
    assert first is not None
    assert first.job.owner.key_hash == "bob"
    store.cancel(dear.id)
    assert order(store) == ["bob"]
    store.accept(draft("ann", cost=2))
    store.accept(draft("bob"))
    assert order(store) == ["bob", "ann"]


def test_a_queued_job_knows_its_place(store: JobStore) -> None:
    for _ in range(3):
        store.accept(draft("ann"))
    mine = store.accept(draft("bob")).job
    assert position(store.standing(mine.id)) == 2
    store.accept(draft("cid", priority="high"))
    assert position(store.standing(mine.id)) == 3
    second = store.accept(draft("bob")).job
    assert position(store.standing(second.id)) == 5


def test_the_estimate_tells_what_it_is_made_of(store: JobStore, clock: Clock) -> None:
    first = store.accept(draft()).job
    assert eta(first, store.standing(first.id), clock.now) is None
    run = store.claim()
    assert run is not None
    clock.now += 4
    store.finish(run.lease, "succeeded", Answer(200, {}, "{}"))
    for _ in range(2):
        store.accept(draft())
    last = store.list(Selection(None), 1, None)[0]
    estimate = eta(last, store.standing(last.id), clock.now)
    assert estimate is not None
    assert estimate.seconds == pytest.approx(8.0)
    assert "4.00 s an image, mean of the last 1 jobs" in estimate.basis

"""What a store counts while jobs come and go: classes, places, and deliveries of many workers."""

from __future__ import annotations

import pytest

from engines.jobs.deliveries import WEBHOOK_EVENTS, Attempt, Webhook
from engines.jobs.estimates import position
from engines.jobs.model import Answer, Claimed, Priority, Selection
from engines.jobs.store import JobStore
from tests.engines.jobs.conftest import TERMS, OpenStore
from tests.engines.jobs.drafts import Clock, draft

ANSWER = Answer(200, {}, "{}")
HOOK = Webhook("https://hooks.example.com/x", WEBHOOK_EVENTS)
CLASSES: tuple[Priority, ...] = ("low", "normal", "high")


def claimed(store: JobStore) -> Claimed:
    found = store.claim()
    assert found is not None
    return found


def counts(store: JobStore) -> tuple[int, ...]:
    queued = store.queued()
    return tuple(queued[each] for each in CLASSES)


def test_each_class_is_counted_as_its_jobs_come_and_go(store: JobStore, clock: Clock) -> None:
    for priority in CLASSES:
        store.accept(draft(priority=priority))
    assert counts(store) == (1, 1, 1)
    high = claimed(store)
    assert counts(store) == (1, 1, 0)
    store.release(high.lease, "shutdown")
    assert counts(store) == (1, 1, 1)
    store.finish(claimed(store).lease, "succeeded", ANSWER)
    assert counts(store) == (1, 1, 0)
    (low,) = (job for job in store.list(Selection(None), 9, None) if job.priority == "low")
    store.cancel(low.id)
    assert counts(store) == (0, 1, 0)


def test_a_job_of_a_dead_worker_is_queued_nowhere_until_it_is_taken(
    store: JobStore, clock: Clock
) -> None:
    store.accept(draft())
    first = claimed(store)
    clock.now += TERMS.lease_s
    assert counts(store) == (0, 0, 0)
    assert claimed(store).job.id == first.job.id


def test_a_caller_who_waits_is_in_no_queue(store: JobStore) -> None:
    store.accept(draft(detached=False))
    assert counts(store) == (0, 0, 0)
    assert store.claim() is None


@pytest.mark.parametrize("priority", CLASSES)
def test_a_place_counts_down_to_one(store: JobStore, priority: Priority) -> None:
    jobs = [store.accept(draft(priority=priority)).job for _ in range(4)]
    places = []
    for _ in range(4):
        places.append(position(store.standing(jobs[-1].id)))
        store.finish(claimed(store).lease, "succeeded", ANSWER)
    assert places == [4, 3, 2, 1]


def test_the_pace_is_that_of_the_kind_for_each_image(store: JobStore, clock: Clock) -> None:
    store.accept(draft(kind="export", cost=1))
    claimed_job = claimed(store)
    clock.now += 100
    store.finish(claimed_job.lease, "succeeded", ANSWER)
    waiting = store.accept(draft(cost=4)).job
    assert list(store.standing(waiting.id).recent_s) == []
    run = claimed(store)
    clock.now += 8
    store.finish(run.lease, "succeeded", ANSWER)
    assert list(store.standing(waiting.id).recent_s) == [2.0]


def test_jobs_that_failed_tell_nothing_of_the_pace(store: JobStore, clock: Clock) -> None:
    for state in ("failed", "canceled"):
        store.accept(draft())
        run = claimed(store)
        clock.now += 5
        store.finish(run.lease, state, None)
    job = store.accept(draft()).job
    assert list(store.standing(job.id).recent_s) == []


# Deliveries of many workers


def test_a_delivery_that_was_held_too_long_is_another_workers(
    open_store: OpenStore, clock: Clock
) -> None:
    one, other = open_store(), open_store()
    one.accept(draft(webhook=HOOK))
    claimed(one)
    first = one.deliveries.claim(30)
    assert first is not None
    assert other.deliveries.claim(30) is None
    clock.now += 30
    again = other.deliveries.claim(30)
    assert again is not None
    assert again.id == first.id


def test_a_slow_worker_does_not_undo_what_another_delivered(
    open_store: OpenStore, clock: Clock
) -> None:
    one, other = open_store(), open_store()
    job = one.accept(draft(webhook=HOOK)).job
    claimed(one)
    slow = one.deliveries.claim(30)
    clock.now += 30
    quick = other.deliveries.claim(30)
    assert slow is not None
    assert quick is not None
    other.deliveries.note(quick, Attempt(clock.now, 200), None)
    one.deliveries.note(slow, Attempt(clock.now, None, "no answer"), clock.now + 60)
    (kept,) = one.deliveries.of_job(job.id)
    assert (kept.state, len(kept.attempts)) == ("delivered", 2)
    clock.now += 1000
    assert one.deliveries.claim(30) is None

"""Deliveries of webhooks: kept with the event that makes them, and tried until they are over."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from engines.jobs.deliveries import WEBHOOK_EVENTS, Attempt, Delivery, Webhook
from engines.jobs.model import Answer, JobRequest
from engines.jobs.sqlite.schema import VERSION
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import Ending, JobStore
from tests.engines.jobs.conftest import OpenStore
from tests.engines.jobs.drafts import Clock, draft

HOOK = Webhook("https://hooks.example.com/x", WEBHOOK_EVENTS)
ANSWER = Answer(200, {}, "{}")


def run_to_its_end(store: JobStore, state: Ending = "succeeded") -> None:
    claimed = store.claim()
    assert claimed is not None
    assert store.finish(claimed.lease, state, ANSWER)


def events(store: JobStore, job_id: str) -> list[str]:
    return [each.event for each in store.deliveries.of_job(job_id)]


def test_the_webhook_is_kept_with_the_request(store: JobStore) -> None:
    job = store.accept(draft(webhook=HOOK)).job
    request: JobRequest = store.request_of(job.id)
    assert request.webhook == HOOK
    claimed = store.claim()
    assert claimed is not None
    assert claimed.request.webhook == HOOK


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
def test_every_event_makes_a_delivery(store: JobStore, state: Ending) -> None:
    job = store.accept(draft(webhook=HOOK)).job
    assert events(store, job.id) == []
    run_to_its_end(store, state)
    assert events(store, job.id) == ["job.started", f"job.{state}"]


def test_only_what_was_asked_for_is_delivered(store: JobStore) -> None:
    hook = Webhook(HOOK.url, ("job.failed",))
    jobs = [store.accept(draft(webhook=each)).job for each in (hook, None)]
    run_to_its_end(store)
    run_to_its_end(store)
    assert [events(store, job.id) for job in jobs] == [[], []]
    assert store.deliveries.claim(10) is None


def test_a_job_that_is_canceled_before_it_runs_says_so(store: JobStore) -> None:
    job = store.accept(draft(webhook=HOOK)).job
    store.cancel(job.id)
    assert events(store, job.id) == ["job.canceled"]


def test_a_job_that_starts_again_is_not_told_twice(store: JobStore) -> None:
    job = store.accept(draft(webhook=HOOK)).job
    claimed = store.claim()
    assert claimed is not None
    store.release(claimed.lease, "stops")
    run_to_its_end(store)
    assert events(store, job.id) == ["job.started", "job.succeeded"]


def test_a_worker_that_lost_its_lease_makes_no_delivery(store: JobStore, clock: Clock) -> None:
    job = store.accept(draft(webhook=HOOK)).job
    slow = store.claim()
    clock.now += 11
    quick = store.claim()
    assert slow is not None
    assert quick is not None
    assert not store.finish(slow.lease, "failed", ANSWER)
    assert store.finish(quick.lease, "succeeded", ANSWER)
    assert events(store, job.id) == ["job.started", "job.succeeded"]


def ended(store: JobStore) -> Delivery:
    """The delivery of a job's ending, unclaimed."""
    job = store.accept(draft(webhook=Webhook(HOOK.url, ("job.succeeded",)))).job
    run_to_its_end(store)
    (delivery,) = store.deliveries.of_job(job.id)
    return delivery


def test_a_delivery_is_for_one_worker_at_a_time(open_store: OpenStore, clock: Clock) -> None:
    one, other = open_store(), open_store()
    delivery = ended(one)
    claimed = one.deliveries.claim(10)
    assert claimed is not None
    assert claimed.id == delivery.id
    assert other.deliveries.claim(10) is None
    clock.now += 10  # the worker died
    again = other.deliveries.claim(10)
    assert again is not None
    assert again.id == delivery.id


def test_a_delivery_is_tried_again_when_it_is_due(store: JobStore, clock: Clock) -> None:
    ended(store)
    claimed = store.deliveries.claim(10)
    assert claimed is not None
    first = Attempt(clock.now, None, "no connection")
    store.deliveries.note(claimed, first, clock.now + 5)
    assert store.deliveries.claim(10) is None
    clock.now += 5
    again = store.deliveries.claim(10)
    assert again is not None
    assert (again.id, again.attempts) == (claimed.id, (first,))
    second = Attempt(clock.now, 204)
    store.deliveries.note(again, second, None)
    (over,) = store.deliveries.of_job(claimed.job_id)
    assert (over.state, over.attempts) == ("delivered", (first, second))
    clock.now += 1000
    assert store.deliveries.claim(10) is None


@pytest.mark.parametrize("attempt", [Attempt(1.0, 500), Attempt(1.0, 302), Attempt(1.0, None, "x")])
def test_what_is_given_up_has_failed(store: JobStore, attempt: Attempt) -> None:
    ended(store)
    claimed = store.deliveries.claim(10)
    assert claimed is not None
    store.deliveries.note(claimed, attempt, None)
    assert [each.state for each in store.deliveries.of_job(claimed.job_id)] == ["failed"]


def test_the_one_that_waits_longest_is_first(store: JobStore, clock: Clock) -> None:
    first = ended(store)
    clock.now += 1
    ended(store)
    claimed = store.deliveries.claim(10)
    assert claimed is not None
    assert claimed.id == first.id


def test_deliveries_go_with_their_job(store: JobStore, clock: Clock) -> None:
    delivery = ended(store)
    claimed = store.deliveries.claim(10)
    clock.now += 101
    assert store.purge() == 1
    assert store.deliveries.of_job(delivery.job_id) == []
    assert claimed is not None
    store.deliveries.note(claimed, Attempt(1.0, 200), None)  # the job is gone: nothing happens
    assert store.deliveries.of_job(delivery.job_id) == []
    assert store.deliveries.claim(10) is None


def test_a_file_without_webhooks_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = SqliteJobStore(path)
    job = store.accept(draft()).job
    store.close()
    with sqlite3.connect(path) as connection:  # as version 1 left it
        connection.execute("DROP TABLE credits")
        connection.execute("DROP TABLE deliveries")
        connection.execute("ALTER TABLE requests DROP COLUMN webhook")
        connection.execute("PRAGMA user_version = 1")
    store = SqliteJobStore(path)
    run_to_its_end(store)
    assert store.get(job.id).state == "succeeded"
    assert store.request_of(job.id).webhook is None
    ended(store)
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)

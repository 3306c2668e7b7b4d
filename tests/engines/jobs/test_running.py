"""What every store does with jobs that run: leases, events, endings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engines.errors import NotFound
from engines.jobs.model import Answer, Claimed, Job, LeaseLost, Selection
from engines.jobs.store import JobStore
from tests.engines.jobs.conftest import TERMS, OpenStore
from tests.engines.jobs.drafts import Clock, draft

DONE = Answer(200, {}, "{}")


def claimed(store: JobStore) -> Claimed:
    found = store.claim()
    assert found is not None
    return found


def event_types(store: JobStore, job: Job) -> list[str]:
    return [event.type for event in store.events(job.id, 0, 100)]


def test_a_job_runs_once_and_ends_once(store: JobStore, clock: Clock) -> None:
    store.accept(draft())
    run = claimed(store)
    assert store.claim() is None
    clock.now += 3
    assert store.finish(run.lease, "succeeded", DONE)
    assert not store.finish(run.lease, "failed", None)
    job = store.get(run.job.id)
    assert (job.state, job.tries, job.leased) == ("succeeded", 1, False)
    assert job.ended_at == clock.now
    assert job.expires_at == clock.now + TERMS.keep_s
    assert store.answer_of(job.id) == DONE
    assert event_types(store, job) == ["queued", "started", "ended"]


def test_the_jobs_of_a_dead_worker_go_on_elsewhere(store: JobStore, clock: Clock) -> None:
    store.accept(draft())
    first = claimed(store)
    clock.now += TERMS.lease_s / 2
    assert store.renew(first.lease) is False
    clock.now += TERMS.lease_s - 1
    assert store.claim() is None
    clock.now += 2
    second = claimed(store)
    assert second.job.id == first.job.id
    assert second.request == first.request
    assert second.job.tries == 2
    for lost in (
        lambda: store.renew(first.lease),
        lambda: store.report(first.lease, 1, 2, {}),
        lambda: store.release(first.lease, "late"),
    ):
        with pytest.raises(LeaseLost):
            lost()
    assert not store.finish(first.lease, "failed", None)
    assert store.finish(second.lease, "succeeded", DONE)


def test_a_job_that_was_given_back_is_the_next_of_its_key(store: JobStore) -> None:
    store.accept(draft())
    store.accept(draft())
    first = claimed(store)
    store.release(first.lease, "this replica stops")
    assert claimed(store).job.id == first.job.id
    assert event_types(store, first.job) == ["queued", "started", "requeued", "started"]


def test_progress_is_kept_in_order_and_read_from_anywhere(store: JobStore) -> None:
    store.accept(draft())
    run = claimed(store)
    for step in (1, 2, 3):
        store.report(run.lease, step, 3, {"preview": "abc"} if step == 2 else {})
    store.finish(run.lease, "succeeded", DONE)
    assert (store.get(run.job.id).done, store.get(run.job.id).total) == (3, 3)
    events = store.events(run.job.id, 0, 100)
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[3].data == {"done": 2, "total": 3, "preview": "abc"}
    assert [event.seq for event in store.events(run.job.id, 4, 100)] == [5, 6]
    assert [event.seq for event in store.events(run.job.id, 2, 2)] == [3, 4]
    assert store.events(run.job.id, 6, 100) == []
    assert store.events(run.job.id, 10**9, 100) == []


def test_a_queued_job_is_canceled_before_it_starts(store: JobStore) -> None:
    job = store.accept(draft()).job
    assert store.cancel(job.id).job.state == "canceled"
    assert store.claim() is None
    assert event_types(store, job) == ["queued", "ended"]


def test_a_running_job_hears_that_it_is_canceled(store: JobStore) -> None:
    store.accept(draft())
    run = claimed(store)
    assert store.report(run.lease, 1, 9, {}) is False
    assert store.cancel(run.job.id).job.state == "running"
    assert store.renew(run.lease) is True
    assert store.report(run.lease, 2, 9, {}) is True
    assert store.finish(run.lease, "canceled", None)
    assert store.get(run.job.id).state == "canceled"


def test_an_ended_job_stays_as_it_ended(store: JobStore) -> None:
    store.accept(draft())
    run = claimed(store)
    store.finish(run.lease, "succeeded", DONE)
    assert store.cancel(run.job.id).job.state == "succeeded"
    assert store.answer_of(run.job.id) == DONE


def test_a_job_canceled_while_its_worker_was_dead_says_so_to_the_next(
    store: JobStore, clock: Clock
) -> None:
    store.accept(draft())
    run = claimed(store)
    store.cancel(run.job.id)
    clock.now += TERMS.lease_s + 1
    assert claimed(store).job.cancel_requested


def test_many_workers_never_run_one_job_twice(open_store: OpenStore) -> None:
    """Each worker opens the store for itself, as processes do."""
    first = open_store()
    ids = [first.accept(draft(f"key{number % 5}")).job.id for number in range(50)]
    workers = [first, *(open_store() for _ in range(3))]

    def work(store: JobStore) -> list[str]:
        mine = []
        while (run := store.claim()) is not None:
            assert store.finish(run.lease, "succeeded", DONE)
            mine.append(run.job.id)
        return mine

    with ThreadPoolExecutor(len(workers)) as threads:
        done = [job_id for part in threads.map(work, workers) for job_id in part]
    assert sorted(done) == sorted(ids)


def test_only_ended_jobs_are_forgotten_and_when_their_time_is_over(
    store: JobStore, clock: Clock
) -> None:
    store.accept(draft(idempotency_key="k"))
    run = claimed(store)
    waiting = store.accept(draft()).job
    store.finish(run.lease, "succeeded", DONE)
    assert store.purge() == 0
    clock.now += TERMS.keep_s + 1
    assert store.purge() == 1
    assert store.purge() == 0
    with pytest.raises(NotFound):
        store.get(run.job.id)
    assert [job.id for job in store.list(Selection(None), 10, None)] == [waiting.id]
    assert store.accept(draft(idempotency_key="k", digest="free again")).is_new


@pytest.mark.parametrize("left", ["released", "died"])
def test_a_request_whose_caller_never_came_back_is_forgotten(
    store: JobStore, clock: Clock, left: str
) -> None:
    accepted = store.accept(draft(detached=False, idempotency_key="k"))
    assert accepted.lease is not None
    if left == "released":
        store.release(accepted.lease, "the client went away")
    clock.now += TERMS.keep_s + 1
    assert store.purge() == 1


def test_a_request_that_runs_longer_than_records_are_kept_is_not_forgotten(
    store: JobStore, clock: Clock
) -> None:
    accepted = store.accept(draft(detached=False, idempotency_key="k"))
    assert accepted.lease is not None
    while clock.now < 1_000_000 + 2 * TERMS.keep_s:
        clock.now += TERMS.lease_s / 2
        store.renew(accepted.lease)
    assert store.purge() == 0
    assert store.finish(accepted.lease, "succeeded", DONE)

"""What every store does with a request that asks to be kept."""

from __future__ import annotations

import pytest

from engines.errors import Conflict, NotFound, Overloaded
from engines.jobs.model import Answer, Selection
from engines.jobs.store import JobStore
from tests.engines.jobs.conftest import TERMS, OpenStore
from tests.engines.jobs.drafts import Clock, draft

DONE = Answer(200, {"X-Served-Model": "tiny"}, '{"image_path": "/data/generated/x.png"}')


def test_an_accepted_job_waits_to_be_run(store: JobStore, clock: Clock) -> None:
    given = draft(dataset="nature", cost=4, priority="high", body='{"prompt": "é"}')
    accepted = store.accept(given)
    assert accepted.is_new
    assert accepted.lease is None
    job = store.get(given.id)
    assert job == accepted.job
    assert (job.state, job.tries, job.dataset, job.cost) == ("queued", 0, "nature", 4)
    assert (job.priority, job.owner, job.created_at) == ("high", given.owner, clock.now)
    assert store.request_of(given.id) == given.request
    assert store.answer_of(given.id) is None


def test_another_process_finds_the_job(open_store: OpenStore) -> None:
    given = draft()
    open_store().accept(given)
    assert open_store().get(given.id).id == given.id


def test_an_unknown_job_is_not_found(store: JobStore) -> None:
    for ask in (store.get, store.request_of, store.answer_of, store.cancel, store.standing):
        with pytest.raises(NotFound):
            ask("job_of_nobody")
    with pytest.raises(NotFound):
        store.events("job_of_nobody", 0, 10)


def test_the_same_key_and_body_is_the_same_job(store: JobStore) -> None:
    first = store.accept(draft(idempotency_key="k"))
    again = store.accept(draft(idempotency_key="k"))
    assert again.job == first.job
    assert again.request == first.request
    assert (first.is_new, again.is_new) == (True, False)
    assert len(store.list(Selection(None), 10, None)) == 1
    assert store.known(draft(idempotency_key="k")) == first.job
    assert store.known(draft(idempotency_key="other")) is None
    assert store.known(draft()) is None


def test_another_body_under_the_key_is_a_conflict(store: JobStore) -> None:
    store.accept(draft(idempotency_key="k"))
    with pytest.raises(Conflict, match="Idempotency-Key"):
        store.accept(draft(idempotency_key="k", digest="digest-2"))
    with pytest.raises(Conflict, match="Idempotency-Key"):
        store.known(draft(idempotency_key="k", digest="digest-2"))


def test_the_key_is_its_owners_alone(store: JobStore) -> None:
    jobs = [
        store.accept(each).job.id
        for each in (
            draft("ann", idempotency_key="k"),
            draft("bob", idempotency_key="k", digest="other"),
            draft("ann", space="lab", idempotency_key="k", digest="third"),
        )
    ]
    assert len(set(jobs)) == 3


def test_a_caller_who_waits_gets_the_lease_at_once(store: JobStore) -> None:
    accepted = store.accept(draft(detached=False, idempotency_key="k"))
    assert accepted.lease is not None
    assert accepted.job.state == "running"
    assert store.claim() is None  # no worker runs it
    assert store.list(Selection(None), 10, None) == []


def test_a_second_caller_waits_for_the_first(store: JobStore) -> None:
    first = store.accept(draft(detached=False, idempotency_key="k"))
    second = store.accept(draft(detached=False, idempotency_key="k"))
    assert second.lease is None
    assert first.lease is not None
    assert store.finish(first.lease, "succeeded", DONE)
    third = store.accept(draft(detached=False, idempotency_key="k"))
    assert (third.job.state, third.lease) == ("succeeded", None)
    assert store.answer_of(third.job.id) == DONE


@pytest.mark.parametrize("left", ["released", "died"])
def test_who_comes_after_a_caller_that_left_runs_the_same_request(
    store: JobStore, clock: Clock, left: str
) -> None:
    first = store.accept(draft(detached=False, idempotency_key="k"))
    assert first.lease is not None
    if left == "released":
        store.release(first.lease, "the client went away")
    else:
        clock.now += TERMS.lease_s + 1
    second = store.accept(draft(detached=False, idempotency_key="k"))
    assert second.lease is not None
    assert second.request == first.request  # the same ids and seeds
    assert second.job.tries == 2
    assert not store.finish(first.lease, "succeeded", DONE)
    assert store.finish(second.lease, "succeeded", DONE)


def test_a_refused_request_frees_its_key(store: JobStore) -> None:
    first = store.accept(draft(detached=False, idempotency_key="k"))
    assert first.lease is not None
    store.forget(first.lease)
    again = store.accept(draft(detached=False, idempotency_key="k", digest="corrected"))
    assert again.is_new
    with pytest.raises(NotFound):
        store.get(first.job.id)


def test_a_request_becomes_a_job_of_its_own_when_it_is_asked_for_so(store: JobStore) -> None:
    first = store.accept(draft(detached=False, idempotency_key="k", body=""))
    assert first.lease is not None
    store.release(first.lease, "the client went away")
    later = store.accept(draft(idempotency_key="k", body='{"prompt": "x"}'))
    assert later.job.id == first.job.id
    claimed = store.claim()
    assert claimed is not None
    assert claimed.job.id == first.job.id
    assert claimed.request.unique == first.request.unique
    assert claimed.request.body == '{"prompt": "x"}'
    assert [job.id for job in store.list(Selection(None), 10, None)] == [first.job.id]


def test_a_running_request_that_became_a_job_goes_on_elsewhere(
    store: JobStore, clock: Clock
) -> None:
    first = store.accept(draft(detached=False, idempotency_key="k", body=""))
    store.accept(draft(idempotency_key="k", body="{}"))
    assert store.claim() is None  # its caller still runs it
    clock.now += TERMS.lease_s + 1
    claimed = store.claim()
    assert claimed is not None
    assert claimed.job.id == first.job.id


def test_a_key_has_a_bounded_number_of_unfinished_jobs(store: JobStore) -> None:
    for _ in range(TERMS.max_unfinished):
        store.accept(draft())
    with pytest.raises(Overloaded, match="unfinished"):
        store.accept(draft())
    store.accept(draft("bob"))
    claimed = store.claim()
    assert claimed is not None
    store.finish(claimed.lease, "failed", None)
    store.accept(draft(claimed.job.owner.key_hash))

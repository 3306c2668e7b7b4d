"""Jobs, selections and deliveries as data: what they say of themselves, without any store."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from engines.errors import Conflict
from engines.jobs.columns import job_of
from engines.jobs.deliveries import (
    WEBHOOK_EVENTS,
    Attempt,
    Delivery,
    DeliveryState,
    delivery_id,
    ending_event,
    noted,
)
from engines.jobs.model import (
    ENDED,
    PRIORITIES,
    STATES,
    Job,
    JobEvent,
    JobTerms,
    LeaseLost,
    Owner,
    Selection,
)
from tests.engines.jobs.drafts import draft

JOB = Job(
    id="job_1",
    seq=7,
    owner=Owner("h1", "ann", "acme"),
    kind="generate",
    priority="normal",
    cost=1,
    dataset="birds",
    detached=True,
    state="queued",
    tries=0,
    cancel_requested=False,
    created_at=1000.0,
)
PENDING = Delivery("msg_1", "job_1", "job.succeeded", 1000.0, due_at=1000.0)
OK, GONE, SILENT = Attempt(1001, 204), Attempt(1002, 410), Attempt(1003, None, "no answer")


# Jobs


@pytest.mark.parametrize("state", STATES)
def test_a_job_has_ended_where_its_state_is_an_ending(state: str) -> None:
    job = dataclasses.replace(JOB, state=state)  # type: ignore[arg-type]
    assert job.ended == (state in ENDED) == (state not in ("queued", "running"))


def test_classes_are_ordered_lowest_first() -> None:
    assert PRIORITIES == ("low", "normal", "high")


def test_the_terms_that_the_documents_tell_are_the_defaults() -> None:
    terms = JobTerms()
    assert (terms.lease_s, terms.keep_s, terms.max_unfinished) == (15, 24 * 3600, 20_000)


def test_a_lost_lease_is_a_conflict_and_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(LeaseLost("Another worker has the job job_1 now")))
    assert isinstance(error, Conflict)
    assert (error.code, error.retryable) == ("CONFLICT", False)
    assert error.message == "Another worker has the job job_1 now"


@pytest.mark.parametrize("record", [JOB, PENDING, OK, draft(), Selection("acme"), JobTerms()])
def test_a_record_is_frozen_and_travels_between_processes(record: object) -> None:
    assert pickle.loads(pickle.dumps(record)) == record
    assert copy.deepcopy(record) == record
    name = dataclasses.fields(record)[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, name, "another")


def test_two_events_share_no_data() -> None:
    assert JobEvent(1, 0.0, "queued").data is not JobEvent(1, 0.0, "queued").data


COLUMNS = {
    **{"id": "j", "seq": 1, "key_hash": "h", "key_name": "n", "space": "", "kind": "generate"},
    **{"priority": 2, "cost": 3, "dataset": None, "detached": 0, "state": "running", "tries": 1},
    **{"cancel_requested": 1, "created_at": 5.0, "started_at": 6.0, "ended_at": None},
    **{"expires_at": 99.0, "done": 1, "total": 2, "lease_until": 20.0},
}


def test_columns_become_a_job() -> None:
    job = job_of(COLUMNS, now=10)
    assert (job.owner.space, job.priority, job.detached) == (None, "high", False)
    assert job.cancel_requested is True
    assert (job.done, job.total) == (1, 2)


@pytest.mark.parametrize(
    ("until", "leased"), [(20.0, True), (10.1, True), (10.0, False), (0.0, False), (None, False)]
)
def test_a_job_is_leased_until_its_lease_ends(until: float | None, leased: bool) -> None:
    assert job_of({**COLUMNS, "lease_until": until}, now=10).leased is leased


def test_only_an_ended_job_tells_when_it_is_forgotten() -> None:
    assert job_of(COLUMNS, 10).expires_at is None
    assert job_of({**COLUMNS, "ended_at": 9.0}, 10).expires_at == 99


# Selections


@pytest.mark.parametrize(
    ("selection", "shown"),
    [
        (Selection("acme"), True),
        (Selection(None), False),
        (Selection("beta"), False),
        (Selection("acme", key_hash="h1"), True),
        (Selection("acme", key_hash="h2"), False),
        (Selection("acme", state="queued"), True),
        (Selection("acme", state="running"), False),
        (Selection("acme", kind="generate"), True),
        (Selection("acme", kind="export"), False),
        (Selection("acme", dataset="birds"), True),
        (Selection("acme", dataset=""), False),
        (Selection("acme", since=1000.0), True),
        (Selection("acme", since=1000.1), False),
        (Selection("acme", since=0.0), True),
        (Selection("acme", "h1", "queued", "generate", "birds", 999.0), True),
        (Selection("acme", "h1", "queued", "generate", "cats", 999.0), False),
    ],
)
def test_a_selection_shows_what_meets_all_of_it(selection: Selection, shown: bool) -> None:
    assert selection.shows(JOB) is shown


def test_a_job_that_its_caller_waits_for_is_in_no_list() -> None:
    assert not Selection("acme").shows(dataclasses.replace(JOB, detached=False))


# Deliveries


def test_every_event_of_a_job_has_an_id_of_its_own() -> None:
    ids = {delivery_id(job, event) for job in ("job_1", "job_2") for event in WEBHOOK_EVENTS}
    assert len(ids) == 2 * len(WEBHOOK_EVENTS)
    assert delivery_id("job_1", "job.started") == "msg_job_1_started"


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
def test_every_ending_is_an_event_that_webhooks_know(state: str) -> None:
    assert ending_event(state) == f"job.{state}"  # type: ignore[arg-type]
    assert f"job.{state}" in WEBHOOK_EVENTS


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((200, "delivered"), (204, "delivered"), (299, "delivered")),
        *((199, "failed"), (300, "failed"), (404, "failed"), (500, "failed"), (None, "failed")),
    ],
)
def test_only_an_answer_of_success_is_a_delivery(status: int | None, state: DeliveryState) -> None:
    assert noted(PENDING, Attempt(1001, status), None).state == state


def test_an_attempt_that_will_be_repeated_keeps_it_pending_until_then() -> None:
    found = noted(PENDING, SILENT, 1060.0)
    assert (found.state, found.due_at, found.attempts) == ("pending", 1060.0, (SILENT,))


def test_attempts_are_kept_in_order_and_nothing_else_changes() -> None:
    found = noted(noted(noted(PENDING, SILENT, 1060.0), GONE, 1090.0), OK, None)
    assert found.attempts == (SILENT, GONE, OK)
    assert dataclasses.replace(found, state="pending", due_at=1000.0, attempts=()) == PENDING


@pytest.mark.parametrize("again_at", [None, 1060.0])
@pytest.mark.parametrize("late", [SILENT, GONE])
def test_what_was_delivered_stays_delivered(late: Attempt, again_at: float | None) -> None:
    """A worker that was slow tells of its own attempt after another has delivered."""
    found = noted(noted(PENDING, OK, None), late, again_at)
    assert (found.state, found.attempts) == ("delivered", (OK, late))


def test_what_was_given_up_is_delivered_where_a_slow_worker_did_it() -> None:
    assert noted(noted(PENDING, GONE, None), OK, None).state == "delivered"
    assert noted(noted(PENDING, GONE, None), SILENT, 1060.0).state == "failed"

"""A delivery after its attempts: delivered by any 2xx, pending while another try is due."""

from __future__ import annotations

import pytest

from engines.jobs.deliveries import Attempt, Delivery, delivery_id, noted

PENDING = Delivery("msg_1", "job_1", "job.succeeded", 100.0)


@pytest.mark.parametrize(
    ("status", "state"),
    [(199, "failed"), (200, "delivered"), (299, "delivered"), (300, "failed"), (410, "failed")],
)
def test_only_2xx_delivers(status: int, state: str) -> None:
    assert noted(PENDING, Attempt(101.0, status), None).state == state


def test_a_failed_attempt_with_another_one_due_leaves_it_pending() -> None:
    found = noted(PENDING, Attempt(101.0, error="no answer"), 130.0)
    assert (found.state, found.due_at, len(found.attempts)) == ("pending", 130.0, 1)


def test_what_was_delivered_stays_delivered() -> None:
    delivered = noted(PENDING, Attempt(101.0, 200), None)
    again = noted(delivered, Attempt(102.0, 500), 140.0)
    assert again.state == "delivered"
    assert [each.status for each in again.attempts] == [200, 500]


def test_each_event_of_a_job_has_its_own_id() -> None:
    assert delivery_id("job_1", "job.failed") == "msg_job_1_failed"

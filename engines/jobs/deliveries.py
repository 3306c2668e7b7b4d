"""Webhooks of jobs: what is to be delivered, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

WebhookEvent = Literal["job.started", "job.succeeded", "job.failed", "job.canceled"]
WEBHOOK_EVENTS: tuple[WebhookEvent, ...] = get_args(WebhookEvent)

DeliveryState = Literal["pending", "delivered", "failed"]
"""`failed`: given up."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a job's events go."""

    url: str
    events: tuple[WebhookEvent, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver."""

    at: float
    status: int | None = None
    """HTTP status of the answer; None where there was none."""
    error: str | None = None
    """Why there was none, in words for the job's owner."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to a webhook. Times are seconds since 1970, UTC."""

    id: str
    """The same for every attempt: receivers tell repetitions by it."""
    job_id: str
    event: WebhookEvent
    created_at: float
    state: DeliveryState = "pending"
    due_at: float = 0.0
    """When the next attempt may be made, while it is pending."""
    attempts: tuple[Attempt, ...] = ()


class Deliveries(Protocol):
    """Part of every `JobStore`: an event that a webhook wants is kept in the same step that makes
    the event, so none is lost. The errors are the store's."""

    def claim(self, hold_s: float) -> Delivery | None:
        """A pending delivery that is due, for the caller alone for `hold_s` seconds; where the
        caller dies, another claims it after that. None where nothing is due."""

    def note(self, delivery: Delivery, attempt: Attempt, again_at: float | None) -> None:
        """Keep how an attempt went. `again_at`: when to try again; None: it is over, `delivered`
        where the attempt's status is 2xx, else `failed`; of one that is over already, only a
        delivery changes the state. Nothing happens where the job is gone."""

    def of_job(self, job_id: str) -> Sequence[Delivery]:
        """In the order of their events."""


def delivery_id(job_id: str, event: WebhookEvent) -> str:
    """Each event happens once in a job's life, so this is unique."""
    return f"msg_{job_id}_{event.rpartition('.')[2]}"


def noted(delivery: Delivery, attempt: Attempt, again_at: float | None) -> Delivery:
    """The delivery after an attempt."""
    attempts = (*delivery.attempts, attempt)
    if again_at is not None and delivery.state == "pending":
        return replace(delivery, due_at=again_at, attempts=attempts)
    delivered = attempt.status is not None and 200 <= attempt.status < 300
    over: DeliveryState = "failed" if delivery.state == "pending" else delivery.state
    return replace(delivery, state="delivered" if delivered else over, attempts=attempts)


def ending_event(state: Literal["succeeded", "failed", "canceled"]) -> WebhookEvent:
    """The event of an ending."""
    endings: dict[str, WebhookEvent] = {
        "succeeded": "job.succeeded",
        "failed": "job.failed",
        "canceled": "job.canceled",
    }
    return endings[state]

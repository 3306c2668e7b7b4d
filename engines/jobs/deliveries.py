"""Deliveries of a job's events to webhooks, and their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

WebhookEvent = Literal["job.started", "job.succeeded", "job.failed", "job.canceled"]
WEBHOOK_EVENTS: tuple[WebhookEvent, ...] = get_args(WebhookEvent)

DeliveryState = Literal["pending", "delivered", "failed"]
""""failed" means that no further attempt is made."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The webhook of a job."""

    url: str
    events: tuple[WebhookEvent, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver an event."""

    at: float
    status: int | None = None
    """HTTP status of the answer; None if there was no answer."""
    error: str | None = None
    """Why there was no answer, in words for the owner of the job."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that is to be delivered to a webhook. Times are seconds since 1970, UTC."""

    id: str
    """The same id for all attempts, so that a receiver can recognize repetitions."""
    job_id: str
    event: WebhookEvent
    created_at: float
    state: DeliveryState = "pending"
    due_at: float = 0.0
    """Time of the next attempt, while the delivery is pending."""
    attempts: tuple[Attempt, ...] = ()


class Deliveries(Protocol):
    """Part of every `JobStore`. A delivery is stored in the same step as its event, so that no
    event is lost. It raises the errors of the store."""

    def claim(self, hold_s: float) -> Delivery | None:
        """Get a pending delivery that is due, or None. Nobody else gets it for `hold_s` seconds. If
        the caller dies, another one gets it after that."""

    def note(self, delivery: Delivery, attempt: Attempt, again_at: float | None) -> None:
        """Store the result of an attempt. `again_at`: time of the next attempt; None if there is
        none, and then the delivery is "delivered" if the attempt's status is 2xx, otherwise
        "failed". A delivery that is over can only change to "delivered". If the job is deleted,
        nothing happens."""

    def of_job(self, job_id: str) -> Sequence[Delivery]:
        """All deliveries of a job, in the order of their events."""


def delivery_id(job_id: str, event: WebhookEvent) -> str:
    """Id of the delivery. It is unique, because each event happens once in a job."""
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
    """The webhook event for a final state of a job."""
    endings: dict[str, WebhookEvent] = {
        "succeeded": "job.succeeded",
        "failed": "job.failed",
        "canceled": "job.canceled",
    }
    return endings[state]

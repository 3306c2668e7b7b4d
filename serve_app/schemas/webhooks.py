"""API models of webhooks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engines.jobs.deliveries import WEBHOOK_EVENTS, DeliveryState, WebhookEvent
from serve_app.schemas.base import RequestModel, ResponseModel, WireTime
from serve_app.webhooks.targets import MAX_URL_CHARS

_ENDINGS: tuple[WebhookEvent, ...] = ("job.succeeded", "job.failed", "job.canceled")


class WebhookBody(RequestModel):
    """A webhook: a URL to which a job's events are sent."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL_CHARS,
        description="URL with https, on a host that the service allows.",
    )
    events: list[WebhookEvent] = Field(
        default=list(_ENDINGS),
        min_length=1,
        max_length=len(WEBHOOK_EVENTS),
        description="Which events to send. If left out: the end of the job.",
    )


def _refused(webhook: WebhookBody | None) -> WebhookBody | None:
    if webhook is not None:
        raise ValueError("it is only allowed with the header Prefer: respond-async")
    return webhook


WebhookField = Annotated[
    WebhookBody | None,
    AfterValidator(_refused),
    Field(
        description="Server to which the job's events are sent. Only with `Prefer: respond-async`."
    ),
]


class AsynchronousBody(RequestModel):
    """The body of a call that can run as a job.

    For a job, the webhook is removed from the body before validation. So a body that still has a
    webhook does not belong to a job, and is refused.
    """

    webhook: WebhookField = None


class AttemptOut(ResponseModel):
    """One attempt to deliver an event."""

    attempt: int = Field(description="Counts from 1.")
    at: WireTime
    status: int | None = Field(
        default=None, description="HTTP status of the answer; null without an answer."
    )
    error: str | None = Field(default=None, description="Why there was no answer.")


class DeliveryOut(ResponseModel):
    """The delivery of one event to a webhook."""

    id: str = Field(description="The header `webhook-id` of every attempt.")
    event: WebhookEvent
    state: DeliveryState = Field(description="State; failed: no further attempts are made.")
    attempts: list[AttemptOut]
    next_attempt_at: WireTime | None = Field(
        default=None, description="Time of the next attempt, while the delivery is pending."
    )


class WebhookSecretOut(ResponseModel):
    """The secret with which events of this API key's jobs are signed."""

    secret: str = Field(description='"whsec_" and base64, as in Standard Webhooks.')
    algorithm: Literal["v1"] = "v1"

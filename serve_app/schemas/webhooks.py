"""Webhooks on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engines.jobs.deliveries import WEBHOOK_EVENTS, DeliveryState, WebhookEvent
from serve_app.schemas.base import RequestModel, ResponseModel, WireTime
from serve_app.webhooks.targets import MAX_URL_CHARS

_ENDINGS: tuple[WebhookEvent, ...] = ("job.succeeded", "job.failed", "job.canceled")


class WebhookBody(RequestModel):
    """Where to tell a job's events."""

    url: str = Field(min_length=1, max_length=MAX_URL_CHARS, description="https, an allowed host.")
    events: list[WebhookEvent] = Field(
        default=list(_ENDINGS),
        min_length=1,
        max_length=len(WEBHOOK_EVENTS),
        description="Which ones; the endings if left out.",
    )


def _refused(webhook: WebhookBody | None) -> WebhookBody | None:
    if webhook is not None:
        raise ValueError("it is taken with the header Prefer: respond-async alone")
    return webhook


WebhookField = Annotated[
    WebhookBody | None,
    AfterValidator(_refused),
    Field(description="Tell the job's events to a server; with `Prefer: respond-async` alone."),
]


class AsynchronousBody(RequestModel):
    """A body of a call that can be a job. A job's webhook is taken out of its body before that is
    read: the one that is still there belongs to no job."""

    webhook: WebhookField = None


class AttemptOut(ResponseModel):
    """One try to deliver."""

    attempt: int = Field(description="Counts from 1.")
    at: WireTime
    status: int | None = Field(default=None, description="HTTP status of the answer, if one came.")
    error: str | None = Field(default=None, description="Why none came.")


class DeliveryOut(ResponseModel):
    """An event on its way to the webhook."""

    id: str = Field(description="The header `webhook-id` of every attempt.")
    event: WebhookEvent
    state: DeliveryState = Field(description="failed: given up.")
    attempts: list[AttemptOut]
    next_attempt_at: WireTime | None = Field(default=None, description="While it is pending.")


class WebhookSecretOut(ResponseModel):
    """What events of this API key are signed with."""

    secret: str = Field(description='"whsec_" and base64, as Standard Webhooks has it.')
    algorithm: Literal["v1"] = "v1"

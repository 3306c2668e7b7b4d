"""What the service tells of webhooks."""

from __future__ import annotations

from typing import Literal

from inferloop_synthdata.answers.answer import Answer


class DeliveryAttempt(Answer):
    """One try to deliver."""

    attempt: int
    at: str
    status: int | None
    error: str | None


class Delivery(Answer):
    """An event on its way to a webhook."""

    id: str
    event: str
    state: Literal["pending", "delivered", "failed"]
    attempts: list[DeliveryAttempt]
    next_attempt_at: str | None


class WebhookSecret(Answer):
    """What receivers check signatures with."""

    secret: str
    algorithm: str

"""Answers about webhooks."""

from __future__ import annotations

from typing import Literal

from inferloop_synthdata.answers.answer import Answer


class DeliveryAttempt(Answer):
    """One attempt to deliver an event."""

    attempt: int
    at: str
    status: int | None
    error: str | None


class Delivery(Answer):
    """The delivery of one event to a webhook."""

    id: str
    event: str
    state: Literal["pending", "delivered", "failed"]
    attempts: list[DeliveryAttempt]
    next_attempt_at: str | None


class WebhookSecret(Answer):
    """The secret with which the receiver of a webhook checks signatures."""

    secret: str
    algorithm: str

"""What the service tells of webhooks."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class DeliveryAttempt(TypedDict):
    """One try to deliver."""

    attempt: int
    at: str
    status: NotRequired[int]
    error: NotRequired[str]


class Delivery(TypedDict):
    """An event on its way to a webhook."""

    id: str
    event: str
    state: Literal["pending", "delivered", "failed"]
    attempts: list[DeliveryAttempt]
    next_attempt_at: NotRequired[str]


class WebhookSecret(TypedDict):
    """What receivers check signatures with."""

    secret: str
    algorithm: str

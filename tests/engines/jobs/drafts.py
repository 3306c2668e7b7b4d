"""Drafts of jobs, and a clock that only the test moves."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from engines.jobs.deliveries import Webhook
from engines.jobs.model import Draft, Idempotency, JobRequest, Owner, Priority

_NUMBERS = itertools.count(1)


@dataclass
class Clock:
    """A clock that only the test moves, in seconds since 1970."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def draft(
    key: str = "ann",
    *,
    space: str | None = None,
    kind: str = "generate",
    detached: bool = True,
    priority: Priority = "normal",
    cost: int = 1,
    dataset: str | None = None,
    idempotency_key: str | None = None,
    digest: str = "digest-1",
    body: str = "{}",
    webhook: Webhook | None = None,
) -> Draft:
    """A job of the API key `key` with a new id."""
    number = next(_NUMBERS)
    return Draft(
        id=f"job_{number:06}",
        owner=Owner(key, f"name of {key}", space),
        kind=kind,
        request=JobRequest("/api/v1/generate", body, f"unique{number}", number, webhook=webhook),
        detached=detached,
        priority=priority,
        cost=cost,
        dataset=dataset,
        idempotency=None if idempotency_key is None else Idempotency(idempotency_key, digest),
    )

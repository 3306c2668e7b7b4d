"""Answers about jobs."""

from __future__ import annotations

from typing import Literal

from inferloop_synthdata.answers.answer import Answer
from inferloop_synthdata.answers.webhooks import Delivery
from inferloop_synthdata.errors import JsonValue


class JobProgress(Answer):
    """Steps of one image, or images of a batch or dataset."""

    done: int
    total: int


class JobEta(Answer):
    """When a job is expected to end."""

    seconds: float
    """From now."""
    basis: str
    """How that was estimated."""


class ErrorOut(Answer):
    """An error as the service's envelope shows it."""

    code: str
    message: str
    details: dict[str, JsonValue]


class Job(Answer):
    """A request that continues when its connection ends."""

    id: str
    kind: str
    state: Literal["queued", "running", "succeeded", "failed", "canceled"]
    priority: Literal["low", "normal", "high"]
    tries: int
    created_at: str
    dataset: str | None
    progress: JobProgress | None
    position: int | None
    """While it is queued: 1 is next."""
    eta: JobEta | None
    started_at: str | None
    ended_at: str | None
    expires_at: str | None
    result: dict[str, JsonValue] | None
    """What a waiting call would have returned."""
    error: ErrorOut | None
    deliveries: list[Delivery] | None
    """Of its webhook."""
    links: dict[str, str]


class JobLogLine(Answer):
    """One event of a job, in words."""

    seq: int
    at: str
    event: Literal["queued", "started", "progress", "requeued", "ended"]
    message: str
    tries: int | None
    """Of "started": how often the job had been started by then."""
    progress: JobProgress | None
    error: ErrorOut | None
    """Of "ended": why the job failed or was canceled."""


class JobLog(Answer):
    """The events of a job, the first ones first."""

    lines: list[JobLogLine]
    next_cursor: str | None


class JobList(Answer):
    """The newest first."""

    jobs: list[Job]
    next_cursor: str | None

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
    """The estimated remaining time of a job."""

    seconds: float
    """Seconds from now until the end."""
    basis: str
    """How `seconds` was estimated."""


class ErrorOut(Answer):
    """An error in the form of the API: code, message and details."""

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
    """Place in the queue while queued; 1: the next job to start."""
    eta: JobEta | None
    started_at: str | None
    ended_at: str | None
    expires_at: str | None
    result: dict[str, JsonValue] | None
    """The answer that the call would have had without a job."""
    error: ErrorOut | None
    deliveries: list[Delivery] | None
    """Deliveries to the job's webhook."""
    links: dict[str, str]


class JobLogLine(Answer):
    """One event of a job, with a message for people."""

    seq: int
    at: str
    event: Literal["queued", "started", "progress", "requeued", "ended"]
    message: str
    tries: int | None
    """For "started": how often the job was started so far."""
    progress: JobProgress | None
    error: ErrorOut | None
    """For "ended": why the job failed or was canceled."""


class JobLog(Answer):
    """A page of the events of a job, the oldest first."""

    lines: list[JobLogLine]
    next_cursor: str | None


class JobList(Answer):
    """A page of jobs, the newest first."""

    jobs: list[Job]
    next_cursor: str | None

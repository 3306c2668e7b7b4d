"""Events of a job as lines of text for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, cast

from engines.errors import JsonValue
from engines.jobs.model import JobEvent
from serve_app.schemas.base import ErrorObject
from serve_app.schemas.jobs import JobLogLine, JobOut, JobProgress

_ENDINGS = {"succeeded": "Done", "failed": "Failed", "canceled": "Canceled"}
_Event = Literal["queued", "started", "progress", "requeued", "ended"]


def log_line(event: JobEvent, job: JobOut) -> JobLogLine:
    """The line of one event.

    `job` is the current state of the job, which has the reason for a failure.
    """
    data, progress = event.data, None
    if event.type == "progress":
        progress = JobProgress(done=_number(data["done"]), total=_number(data["total"]))
    return JobLogLine(
        seq=event.seq,
        at=datetime.fromtimestamp(event.at, UTC),
        event=cast("_Event", event.type),
        message=_message(event, job),
        tries=_number(data["try"]) if event.type == "started" else None,
        progress=progress,
        error=job.error if event.type == "ended" else None,
    )


def _message(event: JobEvent, job: JobOut) -> str:
    data = event.data
    if event.type == "queued":
        return "Accepted; it waits for its turn"
    if event.type == "started":
        tries = _number(data["try"])
        return "Started" if tries == 1 else f"Started again: try {tries}"
    if event.type == "progress":
        return f"{data['done']} of {data['total']}"
    if event.type == "requeued":
        return f"Back in the queue: {data['reason']}"
    return _ending(str(data["state"]), job.error)


def _ending(state: str, error: ErrorObject | None) -> str:
    word = _ENDINGS[state]
    return f"{word}: {error.message}" if state == "failed" and error is not None else word


def _number(value: JsonValue) -> int:
    assert isinstance(value, int)
    return value

"""API models of jobs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from engines.jobs.model import Priority, State
from serve_app.schemas.base import ErrorObject, Name, QueryModel, ResponseModel, WireTime
from serve_app.schemas.openapi.examples import GENERATED, shown
from serve_app.schemas.patterns import CURSOR_PATTERN, KIND_PATTERN
from serve_app.schemas.webhooks import DeliveryOut

MAX_JOBS_PAGE = 1000


class JobProgress(ResponseModel):
    """Steps of one image, or images of a batch or dataset."""

    done: int
    total: int


class JobEta(ResponseModel):
    """The estimated remaining time of a job."""

    seconds: float = Field(description="Seconds from now until the end.")
    basis: str = Field(description="How that was estimated.")


class JobLinks(ResponseModel):
    """URLs of the job."""

    self: str
    events: str


class JobOut(ResponseModel):
    """A job: a request that runs independently of the client's connection."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "id": "job_01jv9zq3w8m4x2k7c5t6r1y0ea",
                "kind": "generate",
                "state": "succeeded",
                "priority": "normal",
                "progress": {"done": 50, "total": 50},
                "tries": 1,
                "created_at": "2025-05-15T14:30:00Z",
                "started_at": "2025-05-15T14:30:00.2Z",
                "ended_at": "2025-05-15T14:30:04Z",
                "expires_at": "2025-05-16T14:30:04Z",
                "result": GENERATED,
                "links": {
                    "self": "/api/v1/jobs/job_01jv9zq3w8m4x2k7c5t6r1y0ea",
                    "events": "/api/v1/jobs/job_01jv9zq3w8m4x2k7c5t6r1y0ea/events",
                },
            }
        )
    )

    id: str
    kind: str = Field(description='The endpoint: "generate", "generate.batch", "export.jsonl", ...')
    state: State
    priority: Priority
    dataset: str | None = None
    cancel_requested: bool | None = Field(
        default=None,
        description="Whether a running job was canceled and will end at its next step.",
    )
    progress: JobProgress | None = None
    position: int | None = Field(
        default=None, description="Place in the queue while queued; 1: the next job to start."
    )
    eta: JobEta | None = None
    tries: int = Field(description="How often the job was started.")
    created_at: WireTime
    started_at: WireTime | None = None
    ended_at: WireTime | None = None
    expires_at: WireTime | None = Field(
        default=None, description="After its end: when the service may delete the job."
    )
    result: dict[str, object] | None = Field(
        default=None, description="Body of the answer, as without `Prefer: respond-async`."
    )
    headers: dict[str, str] | None = Field(
        default=None, description="Headers of that answer, such as X-Served-Model."
    )
    error: ErrorObject | None = Field(default=None, description="Why the job failed.")
    deliveries: list[DeliveryOut] | None = Field(
        default=None, description="Deliveries to the job's webhook: one per event."
    )
    links: JobLinks


class JobList(ResponseModel):
    """A page of jobs, newest first, without their results."""

    jobs: list[JobOut]
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page. Absent if there are no more."
    )


class JobLogLine(ResponseModel):
    """An event of a job."""

    seq: int = Field(description="Number of the event, from 1.")
    at: WireTime = Field(description="When it happened.")
    event: Literal["queued", "started", "progress", "requeued", "ended"] = Field(
        description="Type of the event, as in `GET /jobs/{job_id}/events`."
    )
    message: str = Field(description="What happened, in a sentence.")
    tries: int | None = Field(
        default=None, description='For "started": how often the job was started so far.'
    )
    progress: JobProgress | None = Field(
        default=None, description='For "progress": the progress of the job.'
    )
    error: ErrorObject | None = Field(
        default=None, description='For "ended": why the job failed or was canceled.'
    )


class JobLog(ResponseModel):
    """A page of the events of a job, oldest first."""

    lines: list[JobLogLine] = Field(description="The events in order.")
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page. Absent if there are no more."
    )


class JobLogQuery(QueryModel):
    """Which part of the log to get."""

    limit: int = Field(
        default=100, ge=1, le=MAX_JOBS_PAGE, description="Largest number of lines in a page."
    )
    cursor: Annotated[str, StringConstraints(pattern=CURSOR_PATTERN)] | None = Field(
        default=None, description="`next_cursor` of the page before; left out: the first page."
    )


_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")


def _is_written_out(value: object) -> object:
    """Refuse plain numbers, which pydantic would take for seconds since 1970."""
    if isinstance(value, str) and not _TIME.match(value):
        raise ValueError("must be a time such as 2025-05-15T14:30:00Z")
    return value


class JobsQuery(QueryModel):
    """Which jobs to list."""

    state: State | None = None
    kind: Annotated[str, StringConstraints(pattern=KIND_PATTERN)] | None = None
    dataset: Name | None = None
    since: Annotated[datetime, BeforeValidator(_is_written_out)] | None = Field(
        default=None, description="Only jobs that were accepted at this time or later."
    )
    limit: int = Field(
        default=100, ge=1, le=MAX_JOBS_PAGE, description="Largest number of jobs in a page."
    )
    cursor: Annotated[str, StringConstraints(pattern=CURSOR_PATTERN)] | None = Field(
        default=None, description="`next_cursor` of the page before; left out: the first page."
    )

"""Endpoints of jobs, which the service runs in the background: submit, look at, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from inferloop_synthdata import answers
from inferloop_synthdata.answers.webhooks import WebhookSecret
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import Operation, read_answer
from inferloop_synthdata.operations.parts import get, segment

Priority = Literal["low", "normal", "high"]
WebhookEvent = Literal["job.started", "job.succeeded", "job.failed", "job.canceled"]
State = Literal["queued", "running", "succeeded", "failed", "canceled"]


def submit(
    operation: Operation[Any],
    *,
    priority: Priority | None = None,
    previews: bool = False,
    webhook: str | None = None,
    webhook_events: Sequence[WebhookEvent] | None = None,
) -> Operation[answers.Job]:
    """Run a call as a job: the service answers at once with the job and runs the call in the
    background (header `Prefer: respond-async`).

    `operation` is the result of a function of `inferloop_synthdata.operations.endpoints`, such as
    `generate_image(prompt="a fox")`. `priority` "high" needs the scope `admin`. With `previews`,
    the job's events contain small JPEG images. `webhook` is an https URL on a host that the
    service's config allows; the service sends it the end of the job, or the `webhook_events`.
    """
    preferences = ["respond-async"]
    if priority is not None:
        preferences.append(f"priority={priority}")
    if previews:
        preferences.append("previews")
    headers = {**operation.headers, "Prefer": ", ".join(preferences)}
    body = operation.body
    if webhook is not None:
        body = {**(body or {}), "webhook": _webhook(webhook, webhook_events)}
    parse = read_answer(answers.Job, "id", "state")
    return replace(operation, headers=headers, body=body, parse=parse, on_progress=None)


def get_webhook_secret() -> Operation[WebhookSecret]:
    """The secret with which the webhook events of this API key's jobs are signed
    (`GET /webhooks/secret`)."""
    return get("/webhooks/secret", WebhookSecret, "secret")


def _webhook(url: str, events: Sequence[WebhookEvent] | None) -> dict[str, JsonValue]:
    return {"url": url} if events is None else {"url": url, "events": [*events]}


def list_jobs(
    *,
    state: State | None = None,
    kind: str | None = None,
    dataset: str | None = None,
    since: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Operation[answers.JobList]:
    """One page of jobs, the newest first (`GET /jobs`). `since`: only jobs created at or after this
    time (ISO 8601). `cursor`: `next_cursor` of the previous page."""
    given: Mapping[str, object] = {
        "state": state,
        "kind": kind,
        "dataset": dataset,
        "since": since,
        "limit": limit,
        "cursor": cursor,
    }
    query = {name: str(value) for name, value in given.items() if value is not None}
    return replace(get("/jobs", answers.JobList, "jobs"), query=query)


def get_job(job_id: str) -> Operation[answers.Job]:
    """The current state of one job (`GET /jobs/{id}`)."""
    return get(f"/jobs/{segment(job_id)}", answers.Job, "id", "state")


def get_job_log(
    job_id: str, *, limit: int | None = None, cursor: str | None = None
) -> Operation[answers.JobLog]:
    """One page of a job's log, the oldest lines first (`GET /jobs/{id}/log`). `cursor`:
    `next_cursor` of the previous page."""
    given = {"limit": limit, "cursor": cursor}
    query = {name: str(value) for name, value in given.items() if value is not None}
    return replace(get(f"/jobs/{segment(job_id)}/log", answers.JobLog, "lines"), query=query)


def cancel_job(job_id: str) -> Operation[answers.Job]:
    """Cancel a job (`DELETE /jobs/{id}`). One that is running stops at its next step. The answer is
    the job after that. A job that has ended stays unchanged."""
    parse = read_answer(answers.Job, "id", "state")
    return Operation("DELETE", f"/jobs/{segment(job_id)}", parse, True)

"""Requests that outlive their connection: submit one, look at it, cancel it."""

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
    """The same call as a job: answered at once, run by the service (`Prefer: respond-async`).

    `operation` is what a function of `inferloop_synthdata.operations.endpoints` gives, for
    example `generate_image(prompt="a fox")`. `priority` "high" needs the scope `admin`.
    `previews`: the job's events carry small JPEGs. `webhook`: an https URL that is told how the
    job ended, or `webhook_events` of it; on a host that the service allows.
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
    """What the events of this API key's jobs are signed with (`GET /webhooks/secret`)."""
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
    """A page of jobs, the newest first (`GET /jobs`). `since` is a time in ISO 8601; `cursor` is
    `next_cursor` of the page before."""
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
    """One job as it stands (`GET /jobs/{id}`)."""
    return get(f"/jobs/{segment(job_id)}", answers.Job, "id", "state")


def get_job_log(
    job_id: str, *, limit: int | None = None, cursor: str | None = None
) -> Operation[answers.JobLog]:
    """A page of what happened to a job, line by line, the first lines first (`GET
    /jobs/{id}/log`). `cursor` is `next_cursor` of the page before."""
    given = {"limit": limit, "cursor": cursor}
    query = {name: str(value) for name, value in given.items() if value is not None}
    return replace(get(f"/jobs/{segment(job_id)}/log", answers.JobLog, "lines"), query=query)


def cancel_job(job_id: str) -> Operation[answers.Job]:
    """Cancel a job, before it starts or at its next step (`DELETE /jobs/{id}`); the job as it
    stands then. An ended one stays as it ended."""
    parse = read_answer(answers.Job, "id", "state")
    return Operation("DELETE", f"/jobs/{segment(job_id)}", parse, True)

"""`/jobs`: list, get and cancel jobs; their logs, and their events as Server-Sent Events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, StringConstraints

from engines.jobs.model import Selection
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.durable.following import follow
from serve_app.durable.log_lines import log_line
from serve_app.durable.views import job_out, listed_job, shown_event, visible_job
from serve_app.paths import API_PREFIX
from serve_app.routing import ApiRoute, Responses
from serve_app.schemas.base import QueryModel
from serve_app.schemas.jobs import (
    JobList,
    JobLog,
    JobLogQuery,
    JobOut,
    JobsQuery,
)
from serve_app.schemas.patterns import CURSOR_PATTERN, JOB_ID_PATTERN

router = APIRouter(tags=["jobs"], route_class=ApiRoute)

JobId = Annotated[str, Path(pattern=JOB_ID_PATTERN)]
Seq = Annotated[str, StringConstraints(pattern=CURSOR_PATTERN)]
LAST_EVENT_ID = "Last-Event-ID"
SSE = "text/event-stream"
_STREAM: Responses = {
    200: {
        "content": {SSE: {"schema": {"type": "string"}}},
        "description": "The events in order, until the job has ended.",
    },
    204: {"description": "The client has read the last event already."},
}
_ROUNDING_S = 1e-6
"""Rounding error of times in answers, subtracted so that a job is found by its own `created_at`."""
_READS = [requires(None, budget="read")]


class EventsQuery(QueryModel):
    """After which event to continue."""

    after_seq: int = Field(
        default=0, ge=0, le=2**53 - 1, description="The same as the header `Last-Event-ID`."
    )


@router.get("/jobs", dependencies=_READS, response_model_exclude_none=True)
async def list_jobs(
    request: Request, query: Annotated[JobsQuery, Query()], context: InContext
) -> JobList:
    """List the jobs of the key's space, newest first. A key without the scope `read` sees only its
    own jobs."""
    caller = context.caller
    since = query.since
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    selection = Selection(
        space=context.audit.space,
        key_hash=None if "read" in caller.scopes else caller.key_hash,
        state=query.state,
        kind=query.kind,
        dataset=query.dataset,
        since=None if since is None else since.timestamp() - _ROUNDING_S,
    )
    before = None if query.cursor is None else int(query.cursor)
    kept = context.kept
    found = await kept.ask(kept.store.list, selection, query.limit + 1, before)
    shown = found[: query.limit]
    return JobList(
        jobs=[listed_job(job, request.url.path) for job in shown],
        next_cursor=str(shown[-1].seq) if len(found) > len(shown) else None,
    )


@router.get("/jobs/{job_id}", dependencies=_READS, response_model_exclude_none=True)
async def get_job(job_id: JobId, request: Request, context: InContext) -> JobOut:
    """Get one job: its state, its place in the queue, and its result or error."""
    return await job_out(context.kept, await visible_job(context, job_id), request.url.path)


@router.delete(
    "/jobs/{job_id}",
    dependencies=[requires(None, audit="job.cancel")],
    response_model_exclude_none=True,
)
async def cancel_job(job_id: JobId, request: Request, context: InContext) -> JobOut:
    """Cancel a job: before it starts, or at its next step. A job that has ended is not changed.
    Canceling another key's job requires the scope `delete`."""
    job = await visible_job(context, job_id)
    if job.owner.key_hash != context.caller.key_hash:
        context.caller.check_scope("delete")
    job = await context.kept.cancel(job_id)
    return await job_out(context.kept, job, request.url.path)


@router.get("/jobs/{job_id}/log", dependencies=_READS, response_model_exclude_none=True)
async def get_job_log(
    job_id: JobId,
    request: Request,
    query: Annotated[JobLogQuery, Query()],
    context: InContext,
) -> JobLog:
    """Get the log of a job: its states, attempts, progress and error, with times. `/events` streams
    the same events live."""
    kept, job = context.kept, await visible_job(context, job_id)
    after_seq = int(query.cursor or 0)
    found = await kept.ask(kept.store.events, job_id, after_seq, query.limit + 1)
    shown = found[: query.limit]
    # Read after the events, so that the job has its error if the events contain the end.
    told = await job_out(kept, await kept.ask(kept.store.get, job.id), request.url.path)
    return JobLog(
        lines=[log_line(event, told) for event in shown],
        next_cursor=str(shown[-1].seq) if len(found) > len(shown) else None,
    )


@router.get(
    "/jobs/{job_id}/events", dependencies=_READS, response_class=Response, responses=_STREAM
)
async def stream_job_events(
    job_id: JobId,
    query: Annotated[EventsQuery, Query()],
    context: InContext,
    last_event_id: Annotated[Seq | None, Header(alias=LAST_EVENT_ID)] = None,
) -> Response:
    """Stream a job's events as Server-Sent Events, each with its number as `id`.

    A client that reconnects with `Last-Event-ID` gets all later events. Comments are sent to keep
    the connection open.
    """
    job = await visible_job(context, job_id)
    after_seq = query.after_seq if last_event_id is None else int(last_event_id)
    if job.ended and not await context.kept.ask(context.kept.store.events, job_id, after_seq, 1):
        return Response(status_code=204)
    lines = _lines(context, job_id, after_seq)
    return StreamingResponse(lines, media_type=SSE, headers={"Cache-Control": "no-store"})


async def _lines(context: Context, job_id: str, after_seq: int) -> AsyncGenerator[bytes, None]:
    heartbeat_s = context.config.durable.heartbeat_s
    with context.stream_quota.hold(context.caller.key_hash):
        async with aclosing(follow(context.kept, job_id, after_seq, heartbeat_s)) as events:
            async for event in events:
                if event is None:
                    yield b": still there\n\n"
                    continue
                data = json.dumps(await shown_event(context.kept, job_id, event, API_PREFIX))
                yield f"id: {event.seq}\nevent: {event.type}\ndata: {data}\n\n".encode()

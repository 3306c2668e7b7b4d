"""From the record of a job to its resource, for those who may see it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.datastructures import Headers

from engines.errors import Canceled, Details, NotFound
from engines.jobs.deliveries import Delivery
from engines.jobs.estimates import Standing, eta, position
from engines.jobs.model import Answer, Job, JobEvent
from engines.jobs.store import JobStore
from serve_app.context import Context
from serve_app.durable.keeping import KeptJobs
from serve_app.paths import API_PREFIX
from serve_app.schemas.base import ErrorObject, iso
from serve_app.schemas.jobs import JobEta, JobLinks, JobOut, JobProgress
from serve_app.schemas.webhooks import AttemptOut, DeliveryOut

KEPT_HEADERS = ("X-Served-Model", "X-Validator-Version")
"""Headers of an answer that are kept with its body."""


def kept_part(status: int, headers: Headers, body: bytes) -> Answer:
    """The part of an answer that is kept in the store."""
    kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    return Answer(status, kept, body.decode())


async def job_out(kept: KeptJobs, job: Job, path: str) -> JobOut:
    """The resource of a job: with its place in the queue, or with its answer once it has ended.

    `path` is the path of the current request; links begin like it.
    """
    delivered, answer, standing = await kept.ask(_beside, kept.store, job)
    deliveries = [_delivery_out(each) for each in delivered] or None
    shown = listed_job(job, path).model_copy(update={"deliveries": deliveries})
    if standing is None:
        return shown.model_copy(update=_outcome(job, answer))
    estimate = eta(job, standing, datetime.now(UTC).timestamp())
    update: dict[str, object] = {}
    if estimate is not None:
        update["eta"] = JobEta(seconds=estimate.seconds, basis=estimate.basis)
    if job.state == "queued":
        update["position"] = position(standing)
    return shown.model_copy(update=update)


def _beside(store: JobStore, job: Job) -> tuple[Sequence[Delivery], Answer | None, Standing | None]:
    """The job's webhook deliveries, and its answer if it has ended, else its place in the queue."""
    delivered = store.deliveries.of_job(job.id)
    if job.ended:
        return delivered, store.answer_of(job.id), None
    return delivered, None, store.standing(job.id)


def listed_job(job: Job, path: str) -> JobOut:
    """The job as lists show it: without its place in the queue and without its answer."""
    own = f"{path.partition(API_PREFIX)[0]}{API_PREFIX}/jobs/{job.id}"
    return JobOut(
        id=job.id,
        kind=job.kind,
        state=job.state,
        priority=job.priority,
        dataset=job.dataset,
        cancel_requested=job.cancel_requested or None,
        progress=JobProgress(done=job.done, total=job.total) if job.total else None,
        tries=job.tries,
        created_at=_time(job.created_at),
        started_at=None if job.started_at is None else _time(job.started_at),
        ended_at=None if job.ended_at is None else _time(job.ended_at),
        expires_at=None if job.expires_at is None else _time(job.expires_at),
        links=JobLinks(self=own, events=f"{own}/events"),
    )


async def shown_event(kept: KeptJobs, job_id: str, event: JobEvent, path: str) -> Details:
    """An event as Server-Sent Events and the WebSocket show it. The last event contains the job."""
    shown: Details = {"seq": event.seq, "at": iso(_time(event.at)), **event.data}
    if event.type == "ended":
        job = await job_out(kept, await kept.ask(kept.store.get, job_id), path)
        shown["job"] = job.model_dump(mode="json", exclude_none=True)
    return shown


def _delivery_out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=delivery.id,
        event=delivery.event,
        state=delivery.state,
        attempts=[
            AttemptOut(attempt=number, at=_time(each.at), status=each.status, error=each.error)
            for number, each in enumerate(delivery.attempts, 1)
        ],
        next_attempt_at=_time(delivery.due_at) if delivery.state == "pending" else None,
    )


def _outcome(job: Job, answer: Answer | None) -> dict[str, object]:
    if answer is None:
        message = f"Job {job.id} was canceled"
        return {"error": ErrorObject(code=Canceled.code, message=message, details={})}
    body = json.loads(answer.body)
    if job.state == "succeeded":
        return {"result": body, "headers": dict(answer.headers) or None}
    return {"error": ErrorObject(**body["error"])}


def _time(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


async def visible_job(context: Context, job_id: str) -> Job:
    """The job, if the caller may see it.

    Raises `NotFound` for a job of another space, and for a job of another key unless the caller has
    the scope `read`.
    """
    job = await context.kept.ask(context.kept.store.get, job_id)
    own = job.owner.key_hash == context.caller.key_hash
    if job.owner.space != context.audit.space or not (own or "read" in context.caller.scopes):
        raise NotFound("job", job_id)
    return job

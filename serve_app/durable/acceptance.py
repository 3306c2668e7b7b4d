"""Accepts a request as a job, or runs it at once under its idempotency key."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engines.errors import Canceled, InferloopError
from engines.jobs.deliveries import Webhook
from engines.jobs.model import Accepted, Draft, Idempotency, Job, JobRequest, Lease, Owner
from serve_app.context import Context
from serve_app.durable.asked import IDEMPOTENCY_KEY, PREFER, PREFERENCE_APPLIED, Asked, digest_of
from serve_app.durable.keeping import QUEUE
from serve_app.durable.making import CREATES, check_draft
from serve_app.durable.run import JobRun, Rehearsed, Report, unheard
from serve_app.durable.traces import note_job
from serve_app.durable.views import job_out, kept_part
from serve_app.errors import to_wire
from serve_app.flow.connection import while_connected
from serve_app.flow.json_request import with_body
from serve_app.flow.progress_stream import kept_answer_as_lines, wants_lines
from serve_app.webhooks.asked import accepted_webhook

log = logging.getLogger(__name__)

Handle = Callable[[Request], Coroutine[Any, Any, Response]]

REPLAYED = "Idempotency-Replayed"
LOOK_AGAIN_S = 0.25

_RUN_AGAIN = frozenset({408, 409, 429, 499})
"""Statuses after which the same request may succeed later. All other refusals are final."""
_SERVER_ERROR = 500


def is_kept(request: Request) -> bool:
    """Whether the request asks to be stored (as a job, or under an idempotency key), and is not
    itself the run of a durable job."""
    if request.method != "POST" or getattr(request.state, "run", None) is not None:
        return False
    prefers = ",".join(request.headers.getlist(PREFER)).lower()
    return IDEMPOTENCY_KEY in request.headers or "respond-async" in prefers


async def kept_answer(
    request: Request, kind: str | None, handle: Handle, *, tells_progress: bool = False
) -> Response:
    """The answer to a request for which `is_kept` is True.

    `kind` is the kind of job that it can become; with None it is always answered while the client
    waits. `tells_progress`: whether the route answers with lines of progress if the client asks for
    them.
    """
    asked = Asked.of(request.headers)
    body = await request.body()
    context: Context = request.state.context
    keeper = _Keeper(request, context, asked, body, body, handle)
    if asked.respond_async and kind is not None:
        webhook, rest = accepted_webhook(body, context.config.webhooks.allowed_hosts)
        if webhook is not None:
            keeper = replace(keeper, request=with_body(request, rest), body=rest, webhook=webhook)
        return await keeper.accepted(kind)
    if asked.idempotency_key is None:
        return await handle(request)
    named = kind or request.url.path.rpartition("/v1/")[2]
    if tells_progress and wants_lines(request):
        return await kept_answer_as_lines(
            request,
            lambda told: keeper.answered(named, lambda done, total, _=None: told(done, total)),
        )
    return await keeper.answered(named)


@dataclass(frozen=True, slots=True)
class _Keeper:
    """One request on its way into the job store."""

    request: Request
    context: Context
    asked: Asked
    sent: bytes
    """The body as it was sent. The idempotency key belongs to this body."""
    body: bytes
    """The body that the route reads: the sent one without its webhook."""
    handle: Handle
    webhook: Webhook | None = None

    async def accepted(self, kind: str) -> Response:
        """Accept the request as a job and answer 202. Nothing is run yet."""
        if self.asked.priority == "high":
            self.context.caller.check_scope("admin")
        await self._rehearse()
        draft = self._draft(kind, detached=True)
        await check_draft(self.context, draft)
        kept = self.context.kept
        job = (await kept.tell(QUEUE, kept.store.accept, draft)).job
        self.context.audit.details["job_id"] = job.id
        note_job(job.id)
        shown = await job_out(kept, job, self.request.url.path)
        headers = {"Location": shown.links.self, PREFERENCE_APPLIED: self.asked.applied()}
        return JSONResponse(shown.model_dump(mode="json", exclude_none=True), 202, headers)

    async def answered(self, kind: str, report: Report = unheard) -> Response:
        """The answer: of a run now, or of an earlier one.

        The request never runs twice at the same time.
        """
        draft, kept = self._draft(kind, detached=False), self.context.kept
        while True:
            accepted = await kept.ask(kept.store.accept, draft)
            if accepted.lease is not None:
                return await self._run(accepted, accepted.lease, report)
            if accepted.job.ended:
                return await self._replay(accepted.job)
            await while_connected(self.request, self._until_free(accepted.job))

    async def _rehearse(self) -> None:
        """Go through the route up to the point where the work would begin.

        Raises the error with which the route refuses the request.
        """
        run = JobRun.rehearsing()
        self._use(run)
        try:
            await self.handle(self.request)
        except Rehearsed:
            return
        raise InferloopError("The request cannot be run later")

    async def _until_free(self, job: Job) -> None:
        kept = self.context.kept
        while not job.ended and (job.leased or job.detached):
            await kept.news(LOOK_AGAIN_S, job.id)
            job = await kept.ask(kept.store.get, job.id)

    async def _run(self, accepted: Accepted, lease: Lease, report: Report) -> Response:
        kept = self.context.kept
        self._use(JobRun.of(accepted.request, accepted.job, report))
        try:
            async with self._held(lease):
                response = await self.handle(self.request)
        except BaseException as error:
            await self._give_back(accepted, lease, error)
            raise
        answer = kept_part(response.status_code, response.headers, bytes(response.body))
        try:
            await kept.tell(lease.job_id, kept.store.finish, lease, "succeeded", answer)
        except InferloopError:  # The work is done, only its answer is not stored.
            log.exception("The answer of job %s could not be kept", lease.job_id)
        return response

    @asynccontextmanager
    async def _held(self, lease: Lease) -> AsyncIterator[None]:
        holding = asyncio.create_task(self._hold(lease))
        try:
            yield
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)

    async def _hold(self, lease: Lease) -> None:
        kept, every_s = self.context.kept, self.context.config.durable.lease_s / 4
        while True:
            await asyncio.sleep(every_s)
            await kept.ask(kept.store.renew, lease)

    async def _give_back(self, accepted: Accepted, lease: Lease, error: BaseException) -> None:
        """Release a request that failed.

        A refused request leaves nothing behind, so another one may be sent under its key. Otherwise
        the same request can be sent again and gets the same ids and seeds.
        """
        kept, job_id = self.context.kept, lease.job_id
        refused = accepted.job.tries == 1 and _is_refusal(error)
        try:
            if refused:
                await kept.tell(job_id, kept.store.forget, lease)
            else:
                await kept.tell(job_id, kept.store.release, lease, type(error).__name__)
                kept.wake(QUEUE)  # It can have become a job in the meantime.
        except InferloopError:  # The lease then expires by itself.
            log.warning("Job %s could not be given back", lease.job_id, exc_info=True)

    async def _replay(self, job: Job) -> Response:
        answer = await self.context.kept.ask(self.context.kept.store.answer_of, job.id)
        if answer is None:
            raise Canceled(f"Job {job.id} was canceled")
        headers = {**answer.headers, REPLAYED: "true"}
        return Response(answer.body, answer.status, headers, "application/json")

    def _use(self, run: JobRun) -> None:
        self.request.state.run = run
        self.request.state.context = replace(
            self.context, run=run, ids=run.ids, draw_seed=run.draw_seed
        )

    def _draft(self, kind: str, *, detached: bool) -> Draft:
        context, url = self.context, self.request.url
        caller = context.caller
        request = JobRequest(
            path=url.path,
            body=self._text() if detached else "",
            unique=context.ids.unique(),
            seed=context.draw_seed(),
            previews=self.asked.previews,
            webhook=self.webhook,
        )
        about = _about(self.body, kind) if detached else _About()
        return Draft(
            id=context.ids.job(),
            owner=Owner(caller.key_hash, caller.name, context.audit.space),
            kind=kind,
            request=request,
            detached=detached,
            priority=self.asked.priority,
            cost=about.images,
            dataset=about.dataset,
            idempotency=self._idempotency(),
        )

    def _text(self) -> str:
        """The body as JSON without optional whitespace; an empty body as `NO_FIELDS`."""
        return json.dumps(json.loads(self.body or NO_FIELDS), separators=(",", ":"))

    def _idempotency(self) -> Idempotency | None:
        if self.asked.idempotency_key is None:
            return None
        url, sent = self.request.url, self.request.headers.get("content-type", "")
        digest = digest_of(url.path, url.query, self.sent, sent)
        return Idempotency(self.asked.idempotency_key, digest)


NO_FIELDS = b"{}"
"""The body of a call that is sent without one, such as `POST /datasets/{name}/sign`."""


@dataclass(frozen=True, slots=True)
class _About:
    images: int = 1
    dataset: str | None = None


def _about(body: bytes, kind: str) -> _About:
    """The amount of work in a valid request and its subject, for the queue and lists of jobs."""
    fields = json.loads(body or NO_FIELDS)
    if kind == CREATES:
        quotas = next(iter((fields.get("quotas") or {}).values()), None)
        named = quotas.values() if isinstance(quotas, dict) else [quotas, fields.get("count")]
        images = sum(number for number in named if isinstance(number, int))
        return _About(max(1, images), fields["name"])
    prompts, folder = fields.get("prompts"), fields.get("dataset_dir")
    dataset = fields.get("dataset")
    if dataset is None and isinstance(folder, str):
        name = folder.rstrip("/").rpartition("/")[2]
        dataset = name if name.isprintable() else None
    return _About(max(1, len(prompts)) if isinstance(prompts, list) else 1, dataset)


def _is_refusal(error: BaseException) -> bool:
    if isinstance(error, RequestValidationError):
        return True
    if isinstance(error, HTTPException):
        return error.status_code < _SERVER_ERROR
    status = to_wire(error).status
    return status < _SERVER_ERROR and status not in _RUN_AGAIN

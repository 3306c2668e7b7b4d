"""The jobs of one socket: started, reported, canceled. It uses only `send`, not the socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from engines.errors import (
    Canceled,
    Details,
    InferloopError,
    NotFound,
    Overloaded,
    Unauthorized,
)
from engines.types import StepProgress, StoredImage
from serve_app.access.audit import AuditNote, Origin
from serve_app.access.caller import Caller
from serve_app.budgets.rate_limits import exceeded
from serve_app.budgets.storage import expected_bytes
from serve_app.context import Context
from serve_app.generation.job_log import JobEvent
from serve_app.generation.making import check_profiles
from serve_app.generation.requests import single_request
from serve_app.generation.required import RequiredChecks, required_checks
from serve_app.schemas.generation import GenerateBody
from serve_app.ws.connection import ClientGone
from serve_app.ws.messages import (
    CancelMessage,
    RawGenerate,
    SubscribeMessage,
    error_message,
    progress_message,
    read_message,
    result_message,
)
from serve_app.ws.subscriptions import Subscriptions

SendMessage = Callable[[Details], Awaitable[None]]


class GenerationSession:
    """The jobs of one client.

    `send` is awaited under a lock, so that messages are not mixed. A client that reads slowly
    delays only its own reports.
    """

    def __init__(self, context: Context, origin: Origin, send: SendMessage) -> None:
        self._context = context
        self._origin = origin
        self._send = send
        self._sending = asyncio.Lock()
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._ended: set[str] = set()
        self._notes: dict[str, AuditNote] = {}
        self._closing: set[asyncio.Future[None]] = set()
        self._subscriptions = Subscriptions(context, self._say, self._break)
        self._broken = asyncio.Event()
        self._fault: BaseException | None = None

    @property
    def running(self) -> int:
        """Number of generations of this connection that run now."""
        return len(self._pumps)

    async def take(self, text: str | bytes) -> None:
        """Handle one message of the client. Errors are sent as `error` messages."""
        try:
            message = read_message(text, self._context.config.sockets.max_message_bytes)
            if isinstance(message, RawGenerate):
                await self._generate(message)
            elif isinstance(message, SubscribeMessage):
                await self._subscribe(message)
            else:
                self._cancel(message)
        except InferloopError as error:
            await self._say(error_message(error, job_id=None))

    async def broken(self) -> None:
        """Returns when a report could not be sent because the client left; raises any other
        error of a report."""
        await self._broken.wait()
        if self._fault is not None:
            raise self._fault

    async def close(self) -> None:
        """Stop reporting and end the leases, so that the jobs are canceled.

        Durable jobs that the client watches continue.
        """
        await self._subscriptions.close()
        pumps = list(self._pumps.values())
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _generate(self, message: RawGenerate) -> None:
        caller = self._renewed_caller()
        own = caller.rates.get("generate")
        budget = await self._context.limiter.hit(caller.key_hash, "generate", own)
        if not budget.allowed:
            raise exceeded("generate", budget)
        body = message.body(self._context.message_model)
        limit = self._context.config.sockets.max_jobs
        if len(self._pumps) >= limit:
            raise Overloaded(f"More than {limit} unfinished jobs on this socket", 1.0)
        checks = self._checks(body)
        await check_profiles(self._context, body.profiles)
        request = single_request(
            body,
            self._context.ids.image(),
            self._context.draw_seed,
            progress=True,
            previews=body.previews,
        )
        async with AsyncExitStack() as holds:
            room = await holds.enter_async_context(
                self._context.storage_quota.room(caller, expected_bytes([request]))
            )
            holds.enter_context(self._context.job_quota.hold(caller.key_hash))
            job_id = self._context.jobs.submit(request, room.add, checks)
            holds.enter_context(self._context.jobs.lease(job_id))
            pump = asyncio.create_task(self._report(job_id, body), name=f"pump {job_id}")
            self._pumps[job_id] = pump
            self._notes[job_id] = self._note(job_id, body)
            kept = holds.pop_all()
            # A callback, so that a pump that is canceled before its first step is released too.
            pump.add_done_callback(lambda done: self._pump_ended(job_id, done, kept))

    def _renewed_caller(self) -> Caller:
        """The caller as of now: its key may have been revoked or changed since the socket was
        opened."""
        before = self._context.caller
        caller = self._context.keys.renewed(before)
        if caller is None or caller.space != before.space:
            raise Unauthorized("The API key is no longer valid here: connect again")
        caller.check_scope("generate")
        return caller

    def _checks(self, body: GenerateBody) -> RequiredChecks | None:
        deadline_s = self._context.config.deadlines.validation_s
        return required_checks(body, self._context.services, deadline_s)

    def _note(self, job_id: str, body: GenerateBody) -> AuditNote:
        note = AuditNote("image.generate", self._context.audit.space, code=Canceled.code)
        note.details["job_id"] = job_id
        if self._context.config.log_prompts:
            note.details["prompts"] = [body.prompt]
        return note

    async def _subscribe(self, message: SubscribeMessage) -> None:
        caller = self._renewed_caller()
        own = caller.rates.get("read")
        budget = await self._context.limiter.hit(caller.key_hash, "read", own)
        if not budget.allowed:
            raise exceeded("read", budget)
        await self._subscriptions.add(message)

    def _cancel(self, message: CancelMessage) -> None:
        if message.job_id in self._pumps:
            self._context.jobs.cancel(message.job_id)
        elif message.job_id not in self._ended:
            raise NotFound("job", message.job_id)

    async def _report(self, job_id: str, body: GenerateBody) -> None:
        async for logged in self._context.jobs.events(job_id):
            await self._say(self._message(job_id, body, logged))

    def _message(self, job_id: str, body: GenerateBody, logged: JobEvent) -> Details:
        if isinstance(logged.event, StepProgress):
            return progress_message(job_id, logged.event)
        note = self._notes[job_id]
        if isinstance(logged.event, StoredImage):
            note.code = None
            note.add(self._context.paths.to_wire(logged.event.key))
            return result_message(job_id, body, logged.event, self._context.paths)
        note.code = logged.event.code
        return error_message(logged.event, job_id)

    async def _say(self, message: Details) -> None:
        async with self._sending:
            await self._send(message)

    def _pump_ended(self, job_id: str, pump: asyncio.Task[None], holds: AsyncExitStack) -> None:
        del self._pumps[job_id]
        self._ended.add(job_id)
        note = self._notes.pop(job_id)
        self._context.audit_log.write(note, "failure" if note.code else "success", self._origin)
        closing = asyncio.ensure_future(holds.aclose())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        error = None if pump.cancelled() else pump.exception()
        if error is not None:
            self._break(error)

    def _break(self, error: BaseException) -> None:
        """A report could not be sent; the socket has to be closed."""
        if not isinstance(error, ClientGone):
            self._fault = error
        self._broken.set()

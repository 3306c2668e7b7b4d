"""The durable jobs that a socket watches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from engines.errors import Details, InferloopError, Overloaded
from serve_app.context import Context
from serve_app.durable.following import follow
from serve_app.durable.views import shown_event, visible_job
from serve_app.paths import API_PREFIX
from serve_app.ws.messages import SubscribeMessage, error_message

SendMessage = Callable[[Details], Awaitable[None]]
OnFault = Callable[[BaseException], None]


class Subscriptions:
    """Sends `event` messages of each job until it has ended.

    The jobs continue when the socket closes.
    """

    def __init__(self, context: Context, say: SendMessage, on_fault: OnFault) -> None:
        """`on_fault` is called with the error that ended a subscription before its job ended."""
        self._context = context
        self._say = say
        self._on_fault = on_fault
        self._pumps: dict[str, asyncio.Task[None]] = {}

    async def add(self, message: SubscribeMessage) -> None:
        """Start to watch a job, or start again from another event.

        Raises:
            NotFound: there is no such job for this caller.
            Overloaded: too many at once.
        """
        job = await visible_job(self._context, message.job_id)
        limit = self._context.config.sockets.max_jobs
        if job.id not in self._pumps and len(self._pumps) >= limit:
            raise Overloaded(f"More than {limit} jobs are watched on this socket", 1.0)
        await self._stop(job.id)
        pump = asyncio.create_task(self._report(job.id, message.after_seq))
        self._pumps[job.id] = pump
        pump.add_done_callback(lambda done: self._ended(job.id, done))

    async def close(self) -> None:
        """Stop watching all jobs."""
        for job_id in [*self._pumps]:
            await self._stop(job_id)

    async def _stop(self, job_id: str) -> None:
        pump = self._pumps.pop(job_id, None)
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _report(self, job_id: str, after_seq: int) -> None:
        kept = self._context.kept
        # WebSockets have their own heartbeat, so no message is needed when nothing happened.
        try:
            async with aclosing(follow(kept, job_id, after_seq, heartbeat_s=3600.0)) as events:
                async for event in events:
                    if event is not None:
                        shown = await shown_event(kept, job_id, event, API_PREFIX)
                        head: Details = {"type": "event", "job_id": job_id, "event": event.type}
                        await self._say({**head, **shown})
        except InferloopError as error:
            await self._say(error_message(error, job_id))

    def _ended(self, job_id: str, pump: asyncio.Task[None]) -> None:
        if self._pumps.get(job_id) is pump:
            del self._pumps[job_id]
        if not pump.cancelled() and (error := pump.exception()) is not None:
            self._on_fault(error)

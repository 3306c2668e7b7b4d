"""Writes the progress of a run into the job store, and reads from there whether to cancel."""

from __future__ import annotations

import asyncio
import base64
import time
from types import TracebackType
from typing import Self

from engines.errors import InferloopError, JsonValue
from engines.jobs.model import Lease, LeaseLost
from engines.protocols import Clock
from serve_app.config import DurableJobs
from serve_app.durable.keeping import KeptJobs

CONTACT_EVERY_S = 1.0
"""Seconds between two checks of a job in the store: how long a cancellation by another replica may
take to arrive."""


class ProgressPump:
    """A context manager that renews the lease of a job and stores its progress.

    If progress comes faster than it can be written, only the newest is written, together with the
    newest preview (not every step has one).
    """

    def __init__(
        self, kept: KeptJobs, lease: Lease, config: DurableJobs, clock: Clock = time.monotonic
    ) -> None:
        self.stop = asyncio.Event()
        """Set when the job is to be canceled."""
        self._kept = kept
        self._lease = lease
        self._config = config
        self._clock = clock
        self._newest: tuple[int, int, bytes | None] | None = None
        self._reported: tuple[int, int] | None = None
        self._contact_at = clock()
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def report(self, done: int, total: int, preview_jpeg: bytes | None = None) -> None:
        """See `Report`. Steps that an earlier run has already reported are ignored."""
        if self._reported is None or done > self._reported[0]:
            unwritten = self._newest[2] if self._newest else None
            self._newest = (done, total, preview_jpeg or unwritten)

    async def lost(self) -> None:
        """Wait until another replica holds the lease, then raise `LeaseLost`. Never returns."""
        await self._lost.wait()
        raise LeaseLost(f"Another replica has the job {self._lease.job_id} now")

    async def canceled_within(self, seconds: float) -> bool:
        """Wait this many seconds, or until the job is to be canceled."""
        try:
            async with asyncio.timeout(seconds):
                await self.stop.wait()
        except TimeoutError:
            return False
        return True

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._pump())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A write under way is completed first: otherwise it could arrive after the last one.
        async with self._writing:
            if self._task is not None:
                self._task.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        if error is None and not self._lost.is_set():
            await self._write()  # The last progress has to be written before the ending.

    async def _pump(self) -> None:
        while not self._lost.is_set():
            await self._kept.news(self._config.report_every_s, self._lease.job_id)
            if self._lease.job_id in self._kept.canceled:
                self.stop.set()
            due = self._clock() - self._contact_at
            if (self._newest and due >= self._config.report_every_s) or due >= CONTACT_EVERY_S:
                await self._write()

    async def _write(self) -> None:
        async with self._writing:
            await self._write_newest()

    async def _write_newest(self) -> None:
        newest, self._newest, self._contact_at = self._newest, None, self._clock()
        try:
            if newest is None:
                canceled = await self._kept.ask(self._kept.store.renew, self._lease)
            else:
                canceled = await self._report(*newest)
        except LeaseLost:
            self._lost.set()
        except InferloopError:  # The lease outlasts a short outage of the store.
            self._newest = self._newest or newest
        else:
            if canceled:
                self.stop.set()

    async def _report(self, done: int, total: int, preview_jpeg: bytes | None) -> bool:
        self._reported = (done, total)
        data: dict[str, JsonValue] = {}
        if preview_jpeg is not None:
            data["preview"] = base64.b64encode(preview_jpeg).decode("ascii")
        store = self._kept.store
        told = (self._lease, done, total, data)
        return await self._kept.tell(self._lease.job_id, store.report, *told)

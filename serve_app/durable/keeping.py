"""The job store on the event loop: opened, called on threads, and watched for news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from engines.jobs.model import Job, JobTerms
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import JobStore
from serve_app.config import DurableJobs
from serve_app.durable.counters import JobCounters, NoJobCounters

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4

QUEUE = "queue"
"""Used in place of a job's id for news that a job may be ready to run. No job has this id."""


class KeptJobs:
    """The job store as the application uses it, on one event loop.

    News from this replica wakes at once the tasks that wait for it. News from other replicas is
    found when the store is read again.
    """

    def __init__(self, store: JobStore, counters: JobCounters | None = None) -> None:
        self.store = store
        self.counters = counters or NoJobCounters()
        self.canceled: set[str] = set()
        """Jobs that were canceled through this replica: their runs need not ask the store."""
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="jobs")
        self._waited_for: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    async def ask(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of the store on a thread. Returns or raises what the method does."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: method(*args, **kwargs))

    async def tell(
        self, job_id: str, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `ask`, and wake the tasks that wait for news about the job.

        The call is completed even if the task that makes it is canceled.
        """
        try:
            return await asyncio.shield(self.ask(method, *args, **kwargs))
        finally:
            self.wake(job_id)

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job in the store. A run in this replica is told at once."""
        job, ended_now = await self.ask(self.store.cancel, job_id)
        if not job.ended:
            self.canceled.add(job_id)
        if ended_now:  # A job that was running is counted where its run ends.
            self.counters.ended(job.kind, "canceled")
        self.wake(job_id)
        return job

    def wake(self, *about: str) -> None:
        """Wake the tasks that wait for news about these jobs, or about the queue (`QUEUE`)."""
        for each in about:
            event = self._waited_for.pop(each, None)
            if event is not None:
                event.set()

    async def news(self, timeout_s: float, about: str) -> None:
        """Returns when this replica has news about the job (or `QUEUE`), or after `timeout_s`
        seconds."""
        event = self._waited_for.get(about)
        if event is None:
            event = self._waited_for[about] = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()


def terms_of(config: DurableJobs) -> JobTerms:
    """How long jobs are leased and kept, and how many one key may have."""
    return JobTerms(config.lease_s, config.keep_s, config.max_unfinished_per_key)


def memory_store(config: DurableJobs) -> JobStore:
    """A job store for one process, which ends with it."""
    return SqliteJobStore(None, terms_of(config))

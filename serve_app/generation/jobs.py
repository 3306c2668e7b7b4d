"""Generation jobs: submitted, watched, canceled, and each ended exactly once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager
from dataclasses import dataclass, replace

from engines.datasets.spec.tries import Checks, first_that_passes
from engines.errors import (
    Canceled,
    GenerationFailed,
    InferloopError,
    NotFound,
    ReplicaLost,
)
from engines.protocols import Clock
from engines.types import GenerationRequest, StepProgress, StoredImage
from serve_app.config import JobLimits
from serve_app.flow.deadlines import within
from serve_app.generation.job_log import Ending, JobEvent, JobLog
from serve_app.services import Generation

log = logging.getLogger(__name__)


OnStored = Callable[[str, int], None]
"""Key and bytes of an image that was stored."""


def unheard(key: str, size_bytes: int) -> None:
    """Ignores the stored image."""


@dataclass(slots=True)
class _Job:
    log: JobLog
    task: asyncio.Task[StoredImage]
    space: str | None = None
    ended_at: float | None = None
    on_stored: OnStored = unheard


class JobService:
    """All generation jobs of this ingress replica, on one event loop.

    A job runs whether or not its events are read. To stop a job when its client leaves, hold a
    `lease`. If the replica that runs a job dies, the job is run once more with the same image id.
    """

    def __init__(
        self,
        generation: Generation,
        limits: JobLimits,
        new_job_id: Callable[[], str],
        clock: Clock = time.monotonic,
    ) -> None:
        self._generation = generation
        self._limits = limits
        self._new_job_id = new_job_id
        self._clock = clock
        self._running: dict[str, _Job] = {}
        self._finished: OrderedDict[str, _Job] = OrderedDict()

    def submit(
        self,
        request: GenerationRequest,
        on_stored: OnStored = unheard,
        checks: Checks | None = None,
    ) -> str:
        """Start a job and return its id. Raises what `Generation.check` raises.

        `on_stored` is called as soon as the image is stored, even if the events are not read. With
        `checks`, the image is made again until it passes; each try has its own deadline, and the
        progress of the job is that of the first try.
        """
        self._generation.check(request)
        deadline_s = self._limits.deadline_s(
            request.width, request.height, request.num_inference_steps
        )
        job_id = self._new_job_id()
        job_log = JobLog(request.num_inference_steps, self._limits.coalesce_after_events)
        timed = replace(request, deadline_s=deadline_s)
        task = asyncio.create_task(self._run(timed, deadline_s, job_log, checks), name=job_id)
        self._running[job_id] = _Job(job_log, task, request.space, None, on_stored)
        # A callback is used because a task that is canceled before its first step never runs.
        task.add_done_callback(lambda done: self._end(job_id, done))
        return job_id

    def in_space(self, space: str | None) -> SpaceJobs:
        """The jobs of one space. Jobs of other spaces are unknown to it."""
        return SpaceJobs(self, space)

    def space_of(self, job_id: str) -> str | None:
        """The space of a job. Raises `NotFound` for an unknown job."""
        return self._job(job_id).space

    def events(self, job_id: str, after_seq: int = 0) -> AsyncIterator[JobEvent]:
        """The events of a running or recently ended job. Raises `NotFound` for an unknown job."""
        return self._job(job_id).log.read(after_seq)

    async def outcome(self, job_id: str) -> StoredImage:
        """Wait until the job ends. Returns the image or raises the job's error."""
        ending = await self._job(job_id).log.ended()
        if isinstance(ending, InferloopError):
            raise ending
        return ending

    def cancel(self, job_id: str) -> None:
        """Stop the job at its next step; it then ends with `Canceled`.

        An ended job does not change.
        """
        self._job(job_id).task.cancel()

    @contextmanager
    def lease(self, job_id: str) -> Iterator[None]:
        """Cancel the job at the end of this block if it still runs."""
        try:
            yield
        finally:
            if job_id in self._running:
                self._running[job_id].task.cancel()

    async def close(self) -> None:
        """Cancel all running jobs and wait until they have ended."""
        tasks = [job.task for job in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def running(self) -> int:
        """Number of generations that run in this process."""
        return len(self._running)

    def _job(self, job_id: str) -> _Job:
        self._forget_old()
        job = self._running.get(job_id) or self._finished.get(job_id)
        if job is None:
            raise NotFound("job", job_id)
        return job

    async def _run(
        self,
        request: GenerationRequest,
        deadline_s: float,
        job_log: JobLog,
        checks: Checks | None,
    ) -> StoredImage:
        async def make(attempt: GenerationRequest) -> StoredImage:
            return await within(deadline_s, self._attempts(attempt, deadline_s, job_log))

        if checks is None:
            return await make(request)
        return await first_that_passes(request, make, checks)

    async def _attempts(
        self, request: GenerationRequest, deadline_s: float, job_log: JobLog
    ) -> StoredImage:
        started = self._clock()
        try:
            return await self._attempt(request, job_log)
        except ReplicaLost:
            log.warning("Replica lost during %s, running it once more", request.image_id)
        left_s = max(0.0, deadline_s - (self._clock() - started))
        again = replace(request, deadline_s=left_s, repeated=True)
        return await self._attempt(again, job_log)

    async def _attempt(self, request: GenerationRequest, job_log: JobLog) -> StoredImage:
        image: StoredImage | None = None
        # Closed explicitly, because otherwise the generator would stop its work some time later.
        async with aclosing(self._generation.stream(request)) as events:
            async for event in events:
                if isinstance(event, StepProgress):
                    job_log.progress(event)
                    # Let readers run, so that only readers with slow clients fall behind.
                    await asyncio.sleep(0)
                else:
                    image = event
        if image is None:
            raise GenerationFailed("The generation ended without an image")
        return image

    def _end(self, job_id: str, task: asyncio.Task[StoredImage]) -> None:
        job = self._running.pop(job_id)
        ending = _ending(job_id, task)
        if isinstance(ending, StoredImage):
            job.on_stored(ending.key, ending.size_bytes)
        job.log.end(ending)
        job.ended_at = self._clock()
        self._finished[job_id] = job
        self._forget_old()

    def _forget_old(self) -> None:
        oldest = self._clock() - self._limits.kept_finished_s
        while self._finished:
            job = next(iter(self._finished.values()))
            fresh = job.ended_at is not None and job.ended_at >= oldest
            if fresh and len(self._finished) <= self._limits.kept_finished:
                return
            self._finished.popitem(last=False)


@dataclass(frozen=True, slots=True)
class SpaceJobs:
    """As `JobService`, for the jobs of one space. Raises `NotFound` for jobs of other spaces."""

    jobs: JobService
    space: str | None

    def in_space(self, space: str | None) -> SpaceJobs:
        """The jobs of another space of the same service."""
        return SpaceJobs(self.jobs, space)

    def submit(
        self,
        request: GenerationRequest,
        on_stored: OnStored = unheard,
        checks: Checks | None = None,
    ) -> str:
        """As `JobService.submit`, in this space."""
        return self.jobs.submit(replace(request, space=self.space), on_stored, checks)

    def events(self, job_id: str, after_seq: int = 0) -> AsyncIterator[JobEvent]:
        """As `JobService.events`; raises `NotFound` for a job of another space."""
        return self.jobs.events(self._own(job_id), after_seq)

    async def outcome(self, job_id: str) -> StoredImage:
        """As `JobService.outcome`; raises `NotFound` for a job of another space."""
        return await self.jobs.outcome(self._own(job_id))

    def cancel(self, job_id: str) -> None:
        self.jobs.cancel(self._own(job_id))

    def lease(self, job_id: str) -> AbstractContextManager[None]:
        """As `JobService.lease`; raises `NotFound` for a job of another space."""
        return self.jobs.lease(self._own(job_id))

    async def close(self) -> None:
        """Close the jobs of all spaces, when the application ends."""
        await self.jobs.close()

    @property
    def running(self) -> int:
        """Number of generations that run in all spaces."""
        return self.jobs.running

    def _own(self, job_id: str) -> str:
        if self.jobs.space_of(job_id) != self.space:
            raise NotFound("job", job_id)
        return job_id


def _ending(job_id: str, task: asyncio.Task[StoredImage]) -> Ending:
    if task.cancelled():
        return Canceled(f"Job {job_id} was canceled")
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, InferloopError):
        return error
    log.error("Job %s failed unexpectedly", job_id, exc_info=error)
    return InferloopError("Internal server error")

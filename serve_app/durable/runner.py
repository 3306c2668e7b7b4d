"""Runs durable jobs: claims them, sends them through the entrance, and stores their outcome."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.types import ASGIApp

from engines.errors import InferloopError, Overloaded, ReplicaLost, Unauthorized
from engines.jobs.model import Answer, Claimed, Job, LeaseLost
from engines.jobs.store import Ending
from serve_app.access.api_keys import ApiKeys
from serve_app.access.audit import AuditLog, AuditNote, Origin, Outcome
from serve_app.access.caller import Caller
from serve_app.config import DurableJobs
from serve_app.durable.entrance import Entrance, Visit
from serve_app.durable.keeping import QUEUE, KeptJobs
from serve_app.durable.progress import ProgressPump
from serve_app.durable.run import JobRun
from serve_app.durable.traces import run_span
from serve_app.errors import to_wire

log = logging.getLogger(__name__)

PURGE_EVERY_S = 60.0
COUNT_EVERY_S = 5.0
STORE_AWAY_S = 2.0
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 15.0
_PASSING = frozenset({Overloaded.code, ReplicaLost.code})
"""Codes of errors after which the same run may succeed a little later."""
_SUCCESS, _CLIENT_LEFT = 300, 499

Sleep = Callable[[float], Awaitable[None]]


class JobRunner:
    """Runs up to `config.max_running` jobs at once; one runner per ingress replica.

    One of these places is reserved for keys that have no job running here, so that no key can
    occupy all of them.
    """

    def __init__(
        self,
        kept: KeptJobs,
        entrance: Entrance,
        keys: ApiKeys,
        audit: AuditLog,
        config: DurableJobs,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._kept = kept
        self._entrance = entrance
        self._keys = keys
        self._audit = audit
        self._config = config
        self._sleep = sleep
        self._running: dict[asyncio.Task[None], str] = {}

    async def run(self, app: ASGIApp) -> None:
        """Run jobs until canceled.

        Then the running jobs are released, so that other replicas continue them.
        """
        beside = [asyncio.create_task(self._purge()), asyncio.create_task(self._count())]
        try:
            while True:
                if not await self._start_one(app):
                    await self._kept.news(self._config.poll_s, QUEUE)
        finally:
            stopping = [*beside, *self._running]
            for task in stopping:
                task.cancel()
            await asyncio.gather(*stopping, return_exceptions=True)

    @property
    def running(self) -> int:
        """The number of jobs that run in this process now."""
        return len(self._running)

    async def _start_one(self, app: ASGIApp) -> bool:
        """Try to start one job. Returns whether there was one."""
        free = self._config.max_running - len(self._running)
        if free <= 0:
            return False
        last = free == 1 and self._config.max_running > 1
        busy = Counter(self._running.values())
        try:
            claimed = await self._kept.ask(self._kept.store.claim, [*busy] if last else [])
        except InferloopError:
            log.exception("The job store does not answer")
            await self._sleep(STORE_AWAY_S)
            return False
        if claimed is None:
            return False
        task = asyncio.create_task(self._run_one(app, claimed), name=claimed.job.id)
        self._running[task] = claimed.job.owner.key_hash
        task.add_done_callback(self._ended)
        self._count_start(claimed.job)
        return True

    def _count_start(self, job: Job) -> None:
        counters = self._kept.counters
        counters.running(len(self._running))
        if job.tries == 1 and job.started_at is not None:
            counters.started(job.priority, max(0.0, job.started_at - job.created_at))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._kept.counters.running(len(self._running))
        self._kept.wake(QUEUE)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A run of job %s broke off", task.get_name(), exc_info=error)

    async def _run_one(self, app: ASGIApp, claimed: Claimed) -> None:
        """From the claim to the outcome.

        If no outcome is stored, the lease expires and the job is run again.
        """
        job, note = claimed.job, AuditNote(space=claimed.job.owner.space)
        try:
            caller = self._caller(job)
            with run_span(job):
                answer = await self._attempts(app, claimed, caller, note)
        except LeaseLost:
            log.warning("Job %s continues on another replica", job.id)
        except InferloopError as error:
            await self._finish(claimed, _error_answer(error), note)
        except asyncio.CancelledError:
            with suppress(InferloopError):
                release = self._kept.store.release
                await self._kept.tell(job.id, release, claimed.lease, "the replica stops")
            raise
        else:
            await self._finish(claimed, answer, note)

    def _caller(self, job: Job) -> Caller:
        """The caller of the job, with the rights that its key has now."""
        if job.tries > self._config.max_tries:
            raise ReplicaLost(f"Given up: the service died {job.tries - 1} times during the job")
        caller = self._keys.of_hash(job.owner.key_hash)
        if caller is None:
            raise Unauthorized("The API key that asked for the job is no longer valid")
        return caller

    async def _attempts(
        self, app: ASGIApp, claimed: Claimed, caller: Caller, note: AuditNote
    ) -> Answer | None:
        """The answer of the job; None if it was canceled."""
        backoff_s = FIRST_BACKOFF_S
        async with ProgressPump(self._kept, claimed.lease, self._config) as pump:
            if claimed.job.cancel_requested:
                return None
            for number in range(self._config.max_attempts - 1):
                run = _run_of(claimed, pump, repeated=number > 0)
                answer = await self._attempt(app, claimed, caller, note, pump, run)
                if answer is None or _code_of(answer) not in _PASSING:
                    return answer
                log.warning("Job %s: %s, again in %.1f s", claimed.job.id, answer.body, backoff_s)
                if await pump.canceled_within(backoff_s):
                    return None
                backoff_s = min(MAX_BACKOFF_S, backoff_s * 2)
            run = _run_of(claimed, pump, repeated=True)
            return await self._attempt(app, claimed, caller, note, pump, run)

    async def _attempt(
        self,
        app: ASGIApp,
        claimed: Claimed,
        caller: Caller,
        note: AuditNote,
        pump: ProgressPump,
        run: JobRun,
    ) -> Answer | None:
        note.code = None
        visit = Visit(app, claimed.job, claimed.request, caller, run, note, pump.stop)
        visiting = asyncio.create_task(self._entrance.enter(visit))
        lost = asyncio.create_task(pump.lost())
        try:
            await asyncio.wait({visiting, lost}, return_when=asyncio.FIRST_COMPLETED)
            if lost.done() and not visiting.done():
                lost.result()  # Raises `LeaseLost`.
            answer = await visiting
        finally:
            visiting.cancel()
            lost.cancel()
            await asyncio.gather(visiting, lost, return_exceptions=True)
        return None if pump.stop.is_set() and answer.status == _CLIENT_LEFT else answer

    async def _finish(self, claimed: Claimed, answer: Answer | None, note: AuditNote) -> None:
        state: Ending = "canceled"
        if answer is not None:
            state = "succeeded" if answer.status < _SUCCESS else "failed"
        job_id, finish = claimed.job.id, self._kept.store.finish
        ended = await self._kept.tell(job_id, finish, claimed.lease, state, answer)
        self._kept.canceled.discard(job_id)
        if ended:
            self._kept.counters.ended(claimed.job.kind, state)
            self._write_audit(claimed.job, note, state)

    def _write_audit(self, job: Job, note: AuditNote, state: Ending) -> None:
        note.action = note.action or "job.run"
        note.details["job_id"] = job.id
        note.details["state"] = state
        owner = Caller(job.owner.key_name, job.owner.key_hash, frozenset(), job.owner.space)
        outcome: Outcome = "success" if state == "succeeded" else "failure"
        self._audit.write(note, outcome, Origin(owner, job.id))

    async def _count(self) -> None:
        """Report the number of waiting jobs to the metrics."""
        while True:
            with suppress(InferloopError):  # Calls that need the store report the error.
                self._kept.counters.queued(await self._kept.ask(self._kept.store.queued))
            await self._sleep(COUNT_EVERY_S)

    async def _purge(self) -> None:
        while True:
            # The other jobs run in other replicas, which read the cancellation from the store.
            self._kept.canceled &= {task.get_name() for task in self._running}
            try:
                while await self._kept.ask(self._kept.store.purge):
                    await self._sleep(0)
            except InferloopError:
                log.exception("Old jobs could not be removed")
            await self._sleep(PURGE_EVERY_S)


def _run_of(claimed: Claimed, pump: ProgressPump, *, repeated: bool) -> JobRun:
    return JobRun.of(claimed.request, claimed.job, pump.report, watched=True, repeated=repeated)


def _error_answer(error: InferloopError) -> Answer:
    wire = to_wire(error)
    return Answer(wire.status, {}, json.dumps({"error": wire.as_object()}))


def _code_of(answer: Answer) -> str | None:
    if answer.status < _SUCCESS:
        return None
    code: str = json.loads(answer.body)["error"]["code"]
    return code

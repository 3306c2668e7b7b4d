"""A job store in Redis or Valkey."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import TypeVar

from engines.errors import JsonValue, NotFound
from engines.jobs.columns import job_of
from engines.jobs.estimates import Standing
from engines.jobs.model import (
    Accepted,
    Answer,
    Canceling,
    Claimed,
    Draft,
    Job,
    JobEvent,
    JobRequest,
    JobTerms,
    Lease,
    LeaseLost,
    Priority,
    Selection,
)
from engines.jobs.redis.connection import ANSWER_WITHIN_S, JobsRedis, Pipeline
from engines.jobs.redis.deliveries import RedisDeliveries
from engines.jobs.redis.queues import Queues
from engines.jobs.redis.records import Record, Records
from engines.jobs.redis.steps import Steps
from engines.jobs.store import Ending

T = TypeVar("T")

_PAGE = 500
"""Number of jobs that are read at once to fill a page of a list."""


class RedisJobStore:
    """A job store in Redis. Every step is a transaction on the keys that it watches (WATCH, MULTI,
    EXEC)."""

    def __init__(
        self,
        url: str,
        namespace: str,
        terms: JobTerms | None = None,
        now: Callable[[], float] = time.time,
        within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        """`now`: returns seconds since 1970. The clocks of all workers must agree to much less than
        a lease. `within_s`: seconds after which a server without an answer counts as not
        reachable."""
        self._redis = JobsRedis(url, namespace, within_s)
        self._records = Records(self._redis)
        self._queues = Queues(self._redis, self._records)
        self.deliveries = RedisDeliveries(self._redis, now)
        terms = terms or JobTerms()
        self._lease_s = terms.lease_s
        self._steps = Steps(self._redis, self._records, self._queues, self.deliveries, terms, now)
        self._now = now

    def accept(self, draft: Draft) -> Accepted:
        key = self._idempotency_key(draft)

        def step(pipe: Pipeline) -> Accepted:
            known = None if key is None else pipe.get(key)
            if known is not None:
                pipe.watch(self._records.job_key(known))
                return self._steps.taken_up(pipe, self._records.find(pipe, known), draft)
            return self._steps.new(pipe, draft, key)

        return self._redis.atomically(step, key or self._records.job_key(draft.id))

    def known(self, draft: Draft) -> Job | None:
        key = self._idempotency_key(draft)
        with self._redis.reading() as client:
            job_id = None if key is None else client.get(key)
            if job_id is None:
                return None
            record = self._records.find(client, job_id)
            self._steps.check_digest(record, draft)
            return job_of(record, self._now())

    def claim(self, passing_over: Collection[str] = ()) -> Claimed | None:
        with self._redis.reading() as client:
            if not self._queues.something_waits(client, self._now()):
                return None
        return self._redis.atomically(
            lambda pipe: self._steps.claim(pipe, passing_over),
            *self._queues.rings(),
            self._queues.credits,
        )

    def renew(self, lease: Lease) -> bool:
        def step(pipe: Pipeline, record: Record) -> bool:
            self._steps.hold(pipe, record)
            return bool(record["cancel_requested"])

        return self._while_held(lease, step)

    def report(self, lease: Lease, done: int, total: int, data: Mapping[str, JsonValue]) -> bool:
        def step(pipe: Pipeline, record: Record) -> bool:
            record.update(done=done, total=total)
            self._steps.hold(pipe, record)
            event = {"done": done, "total": total, **data}
            self._records.append(pipe, record["id"], "progress", event, self._now())
            return bool(record["cancel_requested"])

        return self._while_held(lease, step)

    def release(self, lease: Lease, why: str) -> None:
        turn = self._queues.new_turn(self._redis.client)

        def step(pipe: Pipeline, record: Record) -> None:
            self._steps.requeue(pipe, record, why, turn)

        self._while_held(lease, step)

    def forget(self, lease: Lease) -> None:
        self._while_held(lease, self._steps.remove)

    def finish(self, lease: Lease, state: Ending, answer: Answer | None) -> bool:
        def step(pipe: Pipeline, record: Record) -> None:
            self._steps.end(pipe, record, state, answer)

        try:
            self._while_held(lease, step)
        except LeaseLost:
            return False
        return True

    def cancel(self, job_id: str) -> Canceling:
        def step(pipe: Pipeline) -> Canceling:
            record = self._records.find(pipe, job_id)
            waits = record["state"] == "queued"
            pipe.multi()
            if waits:
                self._queues.leave(pipe, record)
                self._steps.end(pipe, record, "canceled", None)
            elif record["state"] == "running":
                record["cancel_requested"] = 1
                self._records.write(pipe, record)
            return Canceling(job_of(record, self._now()), ended_now=waits)

        return self._redis.atomically(step, self._records.job_key(job_id))

    def get(self, job_id: str) -> Job:
        with self._redis.reading() as client:
            return job_of(self._records.find(client, job_id), self._now())

    def request_of(self, job_id: str) -> JobRequest:
        with self._redis.reading() as client:
            self._records.find(client, job_id)
            return self._records.request_of(client, job_id)

    def answer_of(self, job_id: str) -> Answer | None:
        with self._redis.reading() as client:
            self._records.find(client, job_id)
            return self._records.answer_of(client, job_id)

    def events(self, job_id: str, after_seq: int, limit: int) -> Sequence[JobEvent]:
        with self._redis.reading() as client:
            self._records.find(client, job_id)
            return self._records.events(client, job_id, after_seq, limit)

    def list(self, selection: Selection, limit: int, before_seq: int | None) -> Sequence[Job]:
        with self._redis.reading() as client:
            found = self._newest_first(client, selection, limit, before_seq)
            recent = takewhile(lambda job: job.created_at >= self._oldest(selection), found)
            return list(islice((job for job in recent if selection.shows(job)), limit))

    def _oldest(self, selection: Selection) -> float:
        """The search for jobs ends at the first one that is older than this time. It is a lease
        earlier than `selection.since`: the clocks of workers differ, so a job with an earlier time
        may have a larger number than a job that the list shows."""
        return 0.0 if selection.since is None else selection.since - self._lease_s

    def standing(self, job_id: str) -> Standing:
        with self._redis.reading() as client:
            return self._queues.standing(client, self._records.find(client, job_id))

    def queued(self) -> Mapping[Priority, int]:
        with self._redis.reading() as client:
            return self._queues.queued(client)

    def purge(self, limit: int = 500) -> int:
        now = self._now()
        with self._redis.reading() as client:
            found = client.zrangebyscore(self._queues.expiring, "-inf", now, 0, limit)
        return sum(self._purge_one(job_id) for job_id in found)

    def close(self) -> None:
        self._redis.close()

    def _newest_first(
        self, client: Pipeline, selection: Selection, limit: int, before_seq: int | None
    ) -> Iterator[Job]:
        """The jobs of the list, read in pieces: first of `limit` jobs, then larger ones, because
        the selection may show only few of the jobs."""
        piece = max(1, min(limit, _PAGE))
        bound = "+inf" if before_seq is None else f"({before_seq}"
        listed = self._queues.listed(selection.space or "")
        while True:
            found = client.zrevrangebyscore(listed, bound, "-inf", 0, piece, withscores=True)
            yield from self._jobs(client, [job_id for job_id, _ in found])
            if len(found) < piece:
                return
            bound, piece = f"({int(found[-1][1])}", min(2 * piece, _PAGE)

    def _jobs(self, client: Pipeline, job_ids: Sequence[str]) -> Iterator[Job]:
        pipe = client.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hget(self._records.job_key(job_id), "columns")
        now = self._now()
        for text in pipe.execute():
            if text is not None:  # purged meanwhile
                yield job_of(json.loads(text), now)

    def _purge_one(self, job_id: str) -> bool:
        def step(pipe: Pipeline) -> bool:
            try:
                record = self._records.find(pipe, job_id)
            except NotFound:
                return False
            if (record["lease_until"] or 0) > self._now():
                return False
            pipe.multi()
            self._steps.remove(pipe, record)
            return True

        return self._redis.atomically(step, self._records.job_key(job_id))

    def _idempotency_key(self, draft: Draft) -> str | None:
        if draft.idempotency is None:
            return None
        owner = draft.owner
        return self._redis.key("idem", owner.space or "", owner.key_hash, draft.idempotency.key)

    def _while_held(self, lease: Lease, change: Callable[[Pipeline, Record], T]) -> T:
        def step(pipe: Pipeline) -> T:
            record = self._records.held(pipe, lease)
            pipe.multi()
            return change(pipe, record)

        return self._redis.atomically(step, self._records.job_key(lease.job_id))

"""The changes of a job's state, as reads and writes of one Redis transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace

from engines.errors import Conflict, Overloaded
from engines.jobs.columns import job_of
from engines.jobs.deliveries import ending_event
from engines.jobs.model import (
    Accepted,
    Answer,
    Claimed,
    Draft,
    JobRequest,
    JobTerms,
    Lease,
)
from engines.jobs.redis.connection import JobsRedis, Pipeline
from engines.jobs.redis.deliveries import RedisDeliveries
from engines.jobs.redis.queues import Queues
from engines.jobs.redis.records import Record, Records, new_record
from engines.jobs.store import Ending


class Steps:
    """Every method queues writes in a pipeline. Methods that read call the pipeline's `multi`
    themselves."""

    def __init__(
        self,
        redis: JobsRedis,
        records: Records,
        queues: Queues,
        deliveries: RedisDeliveries,
        terms: JobTerms,
        now: Callable[[], float],
    ) -> None:
        self._redis = redis
        self._records = records
        self._queues = queues
        self._deliveries = deliveries
        self._terms = terms
        self._now = now

    def _check_room(self, pipe: Pipeline, draft: Draft) -> None:
        limit = self._terms.max_unfinished
        if pipe.scard(self._queues.unfinished(draft.owner.key_hash)) >= limit:
            raise Overloaded(f"More than {limit} unfinished jobs of this API key", 60.0)

    def new(self, pipe: Pipeline, draft: Draft, key: str | None) -> Accepted:
        """Store a new job. `key`: Redis key under which its idempotency key is found."""
        self._check_room(pipe, draft)
        now, seq = self._now(), self._redis.client.incr(self._redis.key("seq"))
        turn = self._queues.new_turn(self._redis.client)
        record = new_record(draft, seq, now)
        pipe.multi()
        if key is not None:
            pipe.set(key, draft.id)
        pipe.sadd(self._queues.unfinished(draft.owner.key_hash), draft.id)
        self._records.write_request(pipe, draft.id, draft.request)
        self._records.append(pipe, draft.id, "queued", {}, now)
        lease = None
        if draft.detached:
            self._list_and_queue(pipe, record, turn)
        else:
            self._expires(pipe, record)
            lease = self.lease(pipe, record)
        self._records.write(pipe, record)
        return Accepted(job_of(record, now), draft.request, lease, True)

    def _list_and_queue(self, pipe: Pipeline, record: Record, turn: int) -> None:
        pipe.zadd(self._queues.listed(record["space"]), {record["id"]: record["seq"]})
        if record["state"] == "queued":
            self._queues.join(pipe, record, turn)

    def check_digest(self, record: Record, draft: Draft) -> None:
        """Raise `Conflict` if the idempotency key of the job belongs to another request."""
        if draft.idempotency is None or record["digest"] != draft.idempotency.digest:
            raise Conflict("The Idempotency-Key was used with another request")

    def taken_up(self, pipe: Pipeline, record: Record, draft: Draft) -> Accepted:
        """The existing job: perhaps with a lease for the caller, or changed to a detached one.
        Raises `Conflict` if its idempotency key belongs to another request."""
        self.check_digest(record, draft)
        job = job_of(record, self._now())
        request, turn = (
            self._records.request_of(pipe, job.id),
            self._queues.new_turn(self._redis.client),
        )
        lease = None
        pipe.multi()
        if not job.ended and not job.detached:
            if draft.detached:
                request = replace(
                    draft.request, path=request.path, unique=request.unique, seed=request.seed
                )
                record["webhook_events"] = request.webhook and request.webhook.events
                self._detach(pipe, record, request, turn)
            elif not job.leased:
                lease = self.lease(pipe, record)
        return Accepted(job_of(record, self._now()), request, lease, False)

    def _detach(self, pipe: Pipeline, record: Record, request: JobRequest, turn: int) -> None:
        record.update(detached=1, expires_at=None)
        pipe.zrem(self._queues.expiring, record["id"])
        self._records.write_request(pipe, record["id"], request)
        self._records.write(pipe, record)
        self._list_and_queue(pipe, record, turn)
        if record["state"] == "running":
            pipe.zadd(self._queues.held, {record["id"]: record["lease_until"]})

    def claim(self, pipe: Pipeline, passing_over: Collection[str]) -> Claimed | None:
        """See `JobStore.claim`. The pipeline watches the rings."""
        expired = self._queues.expired(pipe, self._now())
        taken = None
        if expired is not None:
            pipe.watch(self._records.job_key(expired))
            record = self._records.find(pipe, expired)
        else:
            taken = self._queues.next_queued(pipe, passing_over)
            if taken is None:
                return None
            if taken.record is None:
                pipe.multi()
                taken.take(pipe)
                return None
            record = taken.record
            pipe.watch(self._records.job_key(record["id"]))
            record = self._records.find(pipe, record["id"])
        due = record["state"] == "queued" if taken else (record["lease_until"] or 0) <= self._now()
        request = self._records.request_of(pipe, record["id"])
        pipe.multi()
        if not due:  # another worker was quicker; the next claim finds another job
            return None
        if taken is not None:
            taken.take(pipe)
        lease = self.lease(pipe, record)
        return Claimed(job_of(record, self._now()), request, lease)

    def lease(self, pipe: Pipeline, record: Record) -> Lease:
        """Give the caller a lease and set the state to running."""
        now, token = self._now(), secrets.token_hex(16)
        record.update(state="running", tries=record["tries"] + 1, started_at=now, lease_token=token)
        self.hold(pipe, record)
        self._records.append(pipe, record["id"], "started", {"try": record["tries"]}, now)
        if record["tries"] == 1:
            self._deliveries.add(pipe, record, "job.started")
        return Lease(record["id"], token)

    def hold(self, pipe: Pipeline, record: Record) -> None:
        """Extend the lease, and write the record."""
        record["lease_until"] = self._now() + self._terms.lease_s
        self._records.write(pipe, record)
        if record["detached"]:
            pipe.zadd(self._queues.held, {record["id"]: record["lease_until"]})

    def requeue(self, pipe: Pipeline, record: Record, why: str, turn: int) -> None:
        """Put an unfinished job back into its key's queue, or let it wait for its caller."""
        record.update(state="queued", lease_token=None, lease_until=None)
        self._records.write(pipe, record)
        self._records.append(pipe, record["id"], "requeued", {"reason": why}, self._now())
        pipe.zrem(self._queues.held, record["id"])
        if record["detached"]:
            self._queues.join(pipe, record, turn)

    def end(self, pipe: Pipeline, record: Record, state: Ending, answer: Answer | None) -> None:
        """End the job."""
        now = self._now()
        if state == "succeeded":
            self._queues.note_pace(pipe, record, now)
        record.update(state=state, ended_at=now, lease_token=None, lease_until=None)
        self._expires(pipe, record)
        self._records.write(pipe, record)
        if answer is not None:
            self._records.write_answer(pipe, record["id"], answer)
        self._records.append(pipe, record["id"], "ended", {"state": state}, now)
        self._deliveries.add(pipe, record, ending_event(state))
        pipe.zrem(self._queues.held, record["id"])
        pipe.srem(self._queues.unfinished(record["key_hash"]), record["id"])

    def remove(self, pipe: Pipeline, record: Record) -> None:
        """Delete everything that is stored about the job."""
        job_id = record["id"]
        pipe.delete(self._records.job_key(job_id), self._records.events_key(job_id))
        self._deliveries.remove(pipe, record)
        pipe.zrem(self._queues.listed(record["space"]), job_id)
        pipe.zrem(self._queues.held, job_id)
        pipe.zrem(self._queues.expiring, job_id)
        pipe.srem(self._queues.unfinished(record["key_hash"]), job_id)
        if record["idempotency_key"] is not None:
            owner = (record["space"], record["key_hash"], record["idempotency_key"])
            pipe.delete(self._redis.key("idem", *owner))

    def _expires(self, pipe: Pipeline, record: Record) -> None:
        record["expires_at"] = self._now() + self._terms.keep_s
        pipe.zadd(self._queues.expiring, {record["id"]: record["expires_at"]})

"""Read and write the records of jobs in Redis. A job is the hash `job:<id>` of JSON texts:
`columns` (the same as in SQLite, see `engines.jobs.columns`), `request` and `answer`. Its events
are the list `events:<id>`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engines.errors import JsonValue, NotFound
from engines.jobs.deliveries import Webhook
from engines.jobs.model import PRIORITIES, Answer, Draft, JobEvent, JobRequest, Lease, LeaseLost
from engines.jobs.redis.connection import JobsRedis, Pipeline

Record = dict[str, Any]
"""The columns of one job."""


def new_record(draft: Draft, seq: int, now: float) -> Record:
    """The columns of a new job, which is queued and has no lease."""
    idempotency = draft.idempotency
    return {
        "seq": seq,
        "id": draft.id,
        "space": draft.owner.space or "",
        "key_hash": draft.owner.key_hash,
        "key_name": draft.owner.key_name,
        "kind": draft.kind,
        "priority": PRIORITIES.index(draft.priority),
        "cost": draft.cost,
        "dataset": draft.dataset,
        "detached": int(draft.detached),
        "state": "queued",
        "tries": 0,
        "cancel_requested": 0,
        "created_at": now,
        "started_at": None,
        "ended_at": None,
        "expires_at": None,
        "done": 0,
        "total": 0,
        "lease_token": None,
        "lease_until": None,
        "idempotency_key": idempotency and idempotency.key,
        "digest": idempotency and idempotency.digest,
        "webhook_events": draft.request.webhook and draft.request.webhook.events,
    }


class Records:
    """Reads and writes the records of jobs, over a client or a pipeline."""

    def __init__(self, redis: JobsRedis) -> None:
        self._redis = redis

    def job_key(self, job_id: str) -> str:
        """Key of the hash that holds a job's columns, request and answer."""
        return self._redis.key("job", job_id)

    def events_key(self, job_id: str) -> str:
        """Key of the list of a job's events."""
        return self._redis.key("events", job_id)

    def find(self, source: Pipeline, job_id: str) -> Record:
        """The job with this id. Raises `NotFound`."""
        text = source.hget(self.job_key(job_id), "columns")
        if text is None:
            raise NotFound("job", job_id)
        record: Record = json.loads(text)
        return record

    def held(self, pipe: Pipeline, lease: Lease) -> Record:
        """The job of a lease. Raises `LeaseLost` if another worker has it, or if it has ended or
        was deleted."""
        try:
            record = self.find(pipe, lease.job_id)
        except NotFound:
            record = {"state": "gone", "lease_token": None}
        if record["state"] != "running" or record["lease_token"] != lease.token:
            raise LeaseLost(f"Another worker has the job {lease.job_id} now, or it has ended")
        return record

    def request_of(self, source: Pipeline, job_id: str) -> JobRequest:
        """The request as the client sent it."""
        kept = json.loads(source.hget(self.job_key(job_id), "request"))
        webhook = kept.pop("webhook", None)
        if webhook is None:
            return JobRequest(**kept)
        return JobRequest(**kept, webhook=Webhook(webhook["url"], tuple(webhook["events"])))

    def answer_of(self, source: Pipeline, job_id: str) -> Answer | None:
        """The answer of an ended job; None before its end."""
        text = source.hget(self.job_key(job_id), "answer")
        return None if text is None else Answer(**json.loads(text))

    def write(self, pipe: Pipeline, record: Record) -> None:
        """Put the job's columns in the pipeline."""
        pipe.hset(self.job_key(record["id"]), "columns", json.dumps(record))

    def write_request(self, pipe: Pipeline, job_id: str, request: JobRequest) -> None:
        """Put the job's request in the pipeline."""
        pipe.hset(self.job_key(job_id), "request", json.dumps(asdict(request)))

    def write_answer(self, pipe: Pipeline, job_id: str, answer: Answer) -> None:
        """Put the job's answer in the pipeline."""
        pipe.hset(self.job_key(job_id), "answer", json.dumps(asdict(answer)))

    def append(
        self, pipe: Pipeline, job_id: str, kind: str, data: Mapping[str, JsonValue], now: float
    ) -> None:
        """Append the job's next event. Its number is its position in the list."""
        event = {"at": now, "type": kind, "data": dict(data)}
        pipe.rpush(self.events_key(job_id), json.dumps(event))

    def events(self, source: Pipeline, job_id: str, after_seq: int, limit: int) -> list[JobEvent]:
        """At most `limit` events with a number above `after_seq`, in order."""
        if limit < 1:
            return []  # LRANGE takes the end -1 for the end of the list
        start = max(0, after_seq)
        texts = source.lrange(self.events_key(job_id), start, start + limit - 1)
        return [JobEvent(seq, **json.loads(text)) for seq, text in enumerate(texts, start + 1)]

"""Deliveries in Redis: `deliveries:<job>` is a hash of them by id, `due` a sorted set of
`<job> <id>` by the time of the next attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from engines.jobs.deliveries import (
    Attempt,
    Delivery,
    WebhookEvent,
    delivery_id,
    noted,
)
from engines.jobs.redis.connection import JobsRedis, Pipeline
from engines.jobs.redis.records import Record


class RedisDeliveries:
    """The part of the Redis store for deliveries to webhooks."""

    def __init__(self, redis: JobsRedis, now: Callable[[], float]) -> None:
        self._redis = redis
        self._now = now
        self._due = redis.key("due")

    def claim(self, hold_s: float) -> Delivery | None:
        with self._redis.reading() as client:
            found = client.zrangebyscore(self._due, "-inf", self._now(), 0, 1)
        return (
            self._redis.atomically(lambda p: self._claim(p, hold_s), self._due) if found else None
        )

    def note(self, delivery: Delivery, attempt: Attempt, again_at: float | None) -> None:
        def step(pipe: Pipeline) -> None:
            text = pipe.hget(self._of(delivery.job_id), delivery.id)
            pipe.multi()
            if text is not None:
                self._write(pipe, noted(_delivery_of(text), attempt, again_at))

        self._redis.atomically(step, self._of(delivery.job_id))

    def of_job(self, job_id: str) -> Sequence[Delivery]:
        with self._redis.reading() as client:
            kept = [_delivery_of(text) for text in client.hvals(self._of(job_id))]
        return sorted(kept, key=_order)

    def add(self, pipe: Pipeline, record: Record, event: WebhookEvent) -> None:
        """Store a delivery for the event if the job's webhook wants it."""
        if event in (record.get("webhook_events") or ()):
            now, job_id = self._now(), record["id"]
            self._write(pipe, Delivery(delivery_id(job_id, event), job_id, event, now, due_at=now))

    def remove(self, pipe: Pipeline, record: Record) -> None:
        """Delete the deliveries of the job."""
        for event in record.get("webhook_events") or ():
            pipe.zrem(self._due, _member(record["id"], delivery_id(record["id"], event)))
        pipe.delete(self._of(record["id"]))

    def _claim(self, pipe: Pipeline, hold_s: float) -> Delivery | None:
        now = self._now()
        found = pipe.zrangebyscore(self._due, "-inf", now, 0, 1)
        if not found:
            pipe.multi()
            return None
        job_id, _, name = found[0].partition(" ")
        text = pipe.hget(self._of(job_id), name)
        pipe.multi()
        if text is None:
            pipe.zrem(self._due, found[0])
            return None
        held = replace(_delivery_of(text), due_at=now + hold_s)
        self._write(pipe, held)
        return held

    def _write(self, pipe: Pipeline, delivery: Delivery) -> None:
        pipe.hset(self._of(delivery.job_id), delivery.id, json.dumps(asdict(delivery)))
        member = _member(delivery.job_id, delivery.id)
        if delivery.state == "pending":
            pipe.zadd(self._due, {member: delivery.due_at})
        else:
            pipe.zrem(self._due, member)

    def _of(self, job_id: str) -> str:
        return self._redis.key("deliveries", job_id)


def _member(job_id: str, name: str) -> str:
    return f"{job_id} {name}"


def _order(delivery: Delivery) -> tuple[float, bool]:
    return delivery.created_at, delivery.event != "job.started"


def _delivery_of(text: str) -> Delivery:
    kept = json.loads(text)
    attempts = tuple(Attempt(**each) for each in kept.pop("attempts"))
    return Delivery(**kept, attempts=attempts)

"""The indexes beside the records of jobs: queued, running and listed jobs.

- `ring:<class>`: hash of keys with queued jobs, each with its deficit and turn
- `queue:<class>:<key>`: sorted set of a key's queued jobs, by acceptance
- `held`: sorted set of detached jobs that run, by the end of their lease
- `listed:<space>`: sorted set of detached jobs, by acceptance
- `credits`: hash of classes, each with the credits that it earned while it waited
- `unfinished:<key>`: set; `expiring`: sorted set by time; `recent:<kind>`: list of seconds
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from engines.jobs.estimates import Standing
from engines.jobs.fairness import Waiting, credits_after, next_class, next_turn
from engines.jobs.model import PRIORITIES, Priority
from engines.jobs.redis.connection import JobsRedis, Pipeline
from engines.jobs.redis.records import Record, Records

RECENT = 20


class Queues:
    """Reads return at once (with a client, or with a pipeline that watches keys). Writes are queued
    in a pipeline after its `multi`."""

    def __init__(self, redis: JobsRedis, records: Records) -> None:
        self._redis = redis
        self._records = records
        self.held, self.expiring = redis.key("held"), redis.key("expiring")
        self.credits = redis.key("credits")

    def listed(self, space: str) -> str:
        """Key of the sorted set of a space's jobs, for listings."""
        return self._redis.key("listed", space)

    def unfinished(self, key_hash: str) -> str:
        """Key of the set of an API key's jobs that have not ended."""
        return self._redis.key("unfinished", key_hash)

    def ring(self, priority: int) -> str:
        """Key of the hash of a class: API keys with waiting jobs, each with its deficit and its
        turn (see `fairness.Waiting`)."""
        return self._redis.key("ring", priority)

    def rings(self) -> list[str]:
        """Keys of the rings of all classes."""
        return [self.ring(priority) for priority in range(len(PRIORITIES))]

    def queue(self, priority: int, key_hash: str) -> str:
        """Key of the sorted set of an API key's waiting jobs of this class, in the order of their
        acceptance."""
        return self._redis.key("queue", priority, key_hash)

    def join(self, pipe: Pipeline, record: Record, turn: int) -> None:
        """Queue the job. If its key is not in the ring yet, it gets the place `turn`."""
        priority, key_hash = record["priority"], record["key_hash"]
        pipe.zadd(self.queue(priority, key_hash), {record["id"]: record["seq"]})
        pipe.hsetnx(self.ring(priority), key_hash, json.dumps([0, turn]))

    def new_turn(self, source: Pipeline) -> int:
        """A place at the end of every ring."""
        turn: int = source.incr(self._redis.key("turns"))
        return turn

    def leave(self, pipe: Pipeline, record: Record) -> None:
        """Remove the job from its queue. If its API key has no more jobs, it leaves the ring at the
        next claim."""
        pipe.zrem(self.queue(record["priority"], record["key_hash"]), record["id"])

    def something_waits(self, client: Pipeline, now: float) -> bool:
        """Whether a claim may find a job."""
        return client.exists(*self.rings()) > 0 or self.expired(client, now) is not None

    def expired(self, source: Pipeline, now: float) -> str | None:
        """Id of a job whose lease has expired; None if there is none."""
        found = source.zrangebyscore(self.held, "-inf", now, 0, 1)
        return found[0] if found else None

    def next_queued(self, pipe: Pipeline, passing_over: Collection[str]) -> NextQueued | None:
        """Choose the next job. It only reads; `NextQueued.take` writes the changes."""
        empty: list[tuple[int, str]] = []
        heads: dict[int, dict[str, Record]] = {}
        waiting: dict[int, list[Waiting]] = {}
        present = set[int]()
        for priority in range(len(PRIORITIES)):
            for key_hash, text in pipe.hgetall(self.ring(priority)).items():
                found = pipe.zrange(self.queue(priority, key_hash), 0, 0)
                if not found:
                    empty.append((priority, key_hash))
                    continue
                present.add(priority)
                if key_hash not in passing_over:
                    head = self._records.find(pipe, found[0])
                    heads.setdefault(priority, {})[key_hash] = head
                    deficit, turn = json.loads(text)
                    key = Waiting(key_hash, head["cost"], deficit, turn)
                    waiting.setdefault(priority, []).append(key)
        if not waiting:
            return NextQueued(self, None, (), tuple(empty), {}) if empty else None
        earned = {int(name): int(text) for name, text in pipe.hgetall(self.credits).items()}
        served = next_class(waiting, earned)
        turn_of = next_turn(waiting[served])
        record = heads[served][turn_of.owner]
        after = credits_after(waiting, earned, served, record["cost"], present - waiting.keys())
        return NextQueued(self, record, turn_of.changed, tuple(empty), after)

    def queued(self, client: Pipeline) -> dict[Priority, int]:
        """The number of waiting jobs of each class."""
        return {
            name: sum(client.zcard(self.queue(each, key)) for key in client.hkeys(self.ring(each)))
            for each, name in enumerate(PRIORITIES)
        }

    def standing(self, client: Pipeline, record: Record) -> Standing:
        """The data for the estimates of this job."""
        priority, own = record["priority"], record["key_hash"]
        counts = {
            (each, key_hash): client.zcard(self.queue(each, key_hash))
            for each in range(priority, len(PRIORITIES))
            for key_hash in client.hkeys(self.ring(each))
        }
        ahead = client.zcount(self.queue(priority, own), "-inf", f"({record['seq']}")
        others = [n for (each, key), n in counts.items() if each == priority and key != own]
        higher = sum(n for (each, _), n in counts.items() if each > priority)
        recent = client.lrange(self.recent(record["kind"]), 0, RECENT - 1)
        running = client.zcard(self.held)
        return Standing(ahead, others, higher, running, [float(text) for text in recent])

    def recent(self, kind: str) -> str:
        """Key of the list of the seconds that the last jobs of this kind took, for each unit of
        cost."""
        return self._redis.key("recent", kind)

    def note_pace(self, pipe: Pipeline, record: Record, now: float) -> None:
        """Record how long a job of this kind took, for estimates."""
        pipe.lpush(self.recent(record["kind"]), (now - record["started_at"]) / record["cost"])
        pipe.ltrim(self.recent(record["kind"]), 0, RECENT - 1)


class NextQueued:
    """The chosen job, and the changes to write when it is taken."""

    def __init__(
        self,
        queues: Queues,
        record: Record | None,
        changed: Collection[Waiting],
        empty: Collection[tuple[int, str]],
        earned: Mapping[int, int],
    ) -> None:
        self.record = record
        self._queues = queues
        self._changed = changed
        self._empty = empty
        self._credits = earned

    def take(self, pipe: Pipeline) -> None:
        """Remove the job from its queue, and write the changes of the ring and of the credits. Keys
        without jobs leave the ring."""
        for priority, key_hash in self._empty:
            pipe.hdel(self._queues.ring(priority), key_hash)
        if self.record is None:
            return
        ring = self._queues.ring(self.record["priority"])
        for each in self._changed:
            pipe.hset(ring, each.owner, json.dumps([each.deficit, each.turn]))
        self._queues.leave(pipe, self.record)
        pipe.delete(self._queues.credits)
        if self._credits:
            pipe.hset(self._queues.credits, mapping=dict(self._credits))

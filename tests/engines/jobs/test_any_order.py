"""Whatever is done to a store in whatever order: jobs keep their promises."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engines.errors import Conflict
from engines.jobs.fairness import credits_after, next_class
from engines.jobs.model import PRIORITIES, Answer, Claimed, Lease, LeaseLost, Priority, Selection
from engines.jobs.redis.store import RedisJobStore
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import Ending, JobStore
from tests.engines.jobs.conftest import TERMS
from tests.engines.jobs.drafts import Clock, draft

NAMESPACES = itertools.count()
FreshStore = Callable[[Clock], JobStore]
KEYS = st.sampled_from(["ann", "bob", "cid"])


@dataclass
class Known:
    """What the test knows of a job."""

    seq: int
    key: str
    priority: Priority
    detached: bool
    state: str = "queued"
    lease: Lease | None = None
    until: float = 0.0
    cancel_requested: bool = False
    endings: int = 0
    lost: list[Lease] = field(default_factory=list)


class AnyOrder(RuleBasedStateMachine):
    """Does one thing after another, and knows what must come of it."""

    def __init__(self, fresh: FreshStore) -> None:
        super().__init__()
        self.clock = Clock()
        self.store = fresh(self.clock)
        self.jobs: dict[str, Known] = {}
        self.digests: dict[tuple[str, str], tuple[str, str]] = {}
        self.earned: dict[int, int] = {}
        """By the classes that wait, as `engines.jobs.fairness` counts it."""

    def teardown(self) -> None:
        self.every_job_is_as_it_was_left()
        self.store.close()

    def held(self) -> list[tuple[str, Known]]:
        return [(job_id, job) for job_id, job in self.jobs.items() if job.lease is not None]

    def waiting(self) -> list[Known]:
        return [job for job in self.jobs.values() if job.detached and job.state == "queued"]

    def expired(self) -> list[str]:
        now = self.clock.now
        return [
            job_id
            for job_id, job in self.jobs.items()
            if job.detached and job.state == "running" and job.until <= now
        ]

    def leased(self, job_id: str, lease: Lease) -> None:
        job = self.jobs[job_id]
        if job.lease is not None:
            job.lost.append(job.lease)
        job.state, job.lease = "running", lease
        job.until = self.clock.now + TERMS.lease_s

    @rule(
        key=KEYS,
        priority=st.just("normal"),
        cost=st.just(1),
        detached=st.booleans(),
        idempotency=st.sampled_from([None, "i"]),
        digest=st.sampled_from(["d1", "d2"]),
    )
    def accept(
        self,
        key: str,
        priority: Priority,
        cost: int,
        detached: bool,
        idempotency: str | None,
        digest: str,
    ) -> None:
        given = draft(
            key,
            priority=priority,
            cost=cost,
            detached=detached,
            idempotency_key=idempotency,
            digest=digest,
        )
        known = self.digests.get((key, idempotency)) if idempotency else None
        if known is not None and known[0] != digest:
            with pytest.raises(Conflict):
                self.store.accept(given)
            return
        accepted = self.store.accept(given)
        job_id = accepted.job.id
        assert accepted.is_new == (known is None)
        assert known is None or job_id == known[1]
        if known is None:
            self.jobs[job_id] = Known(accepted.job.seq, key, priority, detached)
            if idempotency:
                self.digests[key, idempotency] = (digest, job_id)
        job = self.jobs[job_id]
        free = job.state == "queued" or (job.state == "running" and job.until <= self.clock.now)
        if job.state in ("queued", "running") and detached:
            job.detached = True
        expected = free and not job.detached
        assert (accepted.lease is not None) == expected
        if accepted.lease is not None:
            self.leased(job_id, accepted.lease)

    @rule(key=KEYS, priority=st.sampled_from(PRIORITIES), cost=st.integers(1, 5))
    def submit(self, key: str, priority: Priority, cost: int) -> None:
        self.accept(key, priority, cost, True, None, "d1")

    @rule(passing_over=st.sampled_from([(), (), ("ann",), ("bob", "cid")]))
    def claim(self, passing_over: Sequence[str]) -> None:
        expired, waiting = self.expired(), self.waiting()
        found = self.store.claim(passing_over)
        if expired:
            assert found is not None
            assert found.job.id in expired
        else:
            self.check_turn(found, waiting, [w for w in waiting if w.key not in passing_over])
        if found is not None:
            assert found.job.cancel_requested == self.jobs[found.job.id].cancel_requested
            self.leased(found.job.id, found.lease)

    def check_turn(self, found: Claimed | None, queued: list[Known], waiting: list[Known]) -> None:
        """The oldest of its key, in the class whose turn it is. `waiting`: those of the `queued`
        jobs that may be claimed."""
        assert (found is None) == (not waiting)
        if found is None:
            return
        job, classes = self.jobs[found.job.id], {PRIORITIES.index(w.priority) for w in waiting}
        served = PRIORITIES.index(job.priority)
        assert served == next_class(classes, self.earned)
        others = {PRIORITIES.index(w.priority) for w in queued} - classes
        self.earned = credits_after(classes, self.earned, served, found.job.cost, others)
        of_key = [w for w in waiting if (w.key, w.priority) == (job.key, job.priority)]
        assert job.seq == min(w.seq for w in of_key)

    @precondition(lambda self: self.held())
    @rule(data=st.data(), how=st.sampled_from(["renew", "report"]))
    def sign_of_life(self, data: st.DataObject, how: str) -> None:
        _, job = data.draw(st.sampled_from(self.held()))
        assert job.lease is not None
        if how == "renew":
            canceled = self.store.renew(job.lease)
        else:
            canceled = self.store.report(job.lease, 1, 2, {})
        assert canceled == job.cancel_requested
        job.until = self.clock.now + TERMS.lease_s

    @precondition(lambda self: self.held())
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        _, job = data.draw(st.sampled_from(self.held()))
        assert job.lease is not None
        self.store.release(job.lease, "test")
        job.lost.append(job.lease)
        job.state, job.lease = "queued", None

    @precondition(lambda self: self.held())
    @rule(data=st.data(), ending=st.sampled_from(["succeeded", "failed", "canceled"]))
    def finish(self, data: st.DataObject, ending: Ending) -> None:
        _, job = data.draw(st.sampled_from(self.held()))
        assert job.lease is not None
        assert self.store.finish(job.lease, ending, Answer(200, {}, "{}"))
        job.lost.append(job.lease)
        job.state, job.lease, job.endings = ending, None, job.endings + 1

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        assert self.store.cancel(job_id).ended_now == (job.state == "queued")
        if job.state == "queued":
            job.state, job.endings = "canceled", job.endings + 1
        elif job.state == "running":
            job.cancel_requested = True

    @rule(seconds=st.sampled_from([1.0, TERMS.lease_s, TERMS.lease_s]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: any(job.lost for job in self.jobs.values()))
    @rule(data=st.data())
    def a_dead_worker_comes_back(self, data: st.DataObject) -> None:
        lost = [lease for job in self.jobs.values() for lease in job.lost]
        lease = data.draw(st.sampled_from(lost))
        assert not self.store.finish(lease, "failed", None)
        with pytest.raises(LeaseLost):
            self.store.renew(lease)

    @rule()
    def every_job_is_as_it_was_left(self) -> None:
        for job_id, job in self.jobs.items():
            found = self.store.get(job_id)
            assert (found.state, found.detached) == (job.state, job.detached)
            events = self.store.events(job_id, 0, 1000)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert sum(event.type == "ended" for event in events) == job.endings <= 1
        listed = [job.id for job in self.store.list(Selection(None), 1000, None)]
        detached = sorted((j.seq, job_id) for job_id, j in self.jobs.items() if j.detached)
        assert listed == [job_id for _, job_id in reversed(detached)]


def sqlite(clock: Clock) -> JobStore:
    return SqliteJobStore(None, TERMS, clock)


QUICK = settings(
    max_examples=25,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
)


def test_in_sqlite() -> None:
    class InSqlite(AnyOrder):
        def __init__(self) -> None:
            super().__init__(sqlite)

    run_state_machine_as_test(InSqlite, settings=QUICK)


@pytest.mark.slow
def test_in_valkey(redis_url: str) -> None:
    def valkey(clock: Clock) -> JobStore:
        return RedisJobStore(redis_url, f"any{next(NAMESPACES)}", TERMS, clock)

    class InValkey(AnyOrder):
        def __init__(self) -> None:
            super().__init__(valkey)

    run_state_machine_as_test(InValkey, settings=QUICK)

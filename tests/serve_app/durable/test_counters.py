"""What the application counts of its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from starlette.testclient import TestClient

from engines.errors import GenerationFailed
from engines.jobs.model import Priority
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import Ending
from serve_app.config import ApiConfig
from serve_app.durable.counters import Outcome
from serve_app.durable.keeping import KeptJobs
from tests.engines.jobs.drafts import draft
from tests.serve_app.api import Api, build_api
from tests.serve_app.durable.playing import API, ended, submitted
from tests.serve_app.fake_services import FakeServices
from tests.waiting import wait_for


@dataclass
class Counted:
    """`JobCounters` that remembers."""

    waiting: list[dict[Priority, int]] = field(default_factory=list)
    at_once: list[int] = field(default_factory=list)
    waits: list[tuple[Priority, float]] = field(default_factory=list)
    endings: list[tuple[str, Ending]] = field(default_factory=list)

    def queued(self, counts: Mapping[Priority, int]) -> None:
        self.waiting.append(dict(counts))

    def running(self, count: int) -> None:
        self.at_once.append(count)

    def started(self, priority: Priority, waited_s: float) -> None:
        self.waits.append((priority, waited_s))

    def ended(self, kind: str, state: Ending) -> None:
        self.endings.append((kind, state))

    def told(self, outcome: Outcome) -> None:
        raise AssertionError(outcome)


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def api(fakes: FakeServices, config: ApiConfig, counted: Counted) -> Api:
    return build_api(fakes, config, job_counters=counted)


def test_every_ending_and_every_wait_is_counted_once(
    client: TestClient, fakes: FakeServices, counted: Counted
) -> None:
    ended(client, submitted(client))
    fakes.generation.failures.append(GenerationFailed("x"))
    ended(client, submitted(client, Prefer="respond-async, priority=low"))
    wait_for(lambda: len(counted.endings) == 2)
    assert counted.endings == [("generate", "succeeded"), ("generate", "failed")]
    assert [priority for priority, _ in counted.waits] == ["normal", "low"]
    assert all(0 <= waited_s < 60 for _, waited_s in counted.waits)
    wait_for(lambda: counted.at_once == [1, 0, 1, 0])
    assert counted.waiting[0] == {"low": 0, "normal": 0, "high": 0}


def test_a_job_that_is_canceled_is_counted_wherever_it_is(
    client: TestClient, fakes: FakeServices, counted: Counted
) -> None:
    fakes.generation.held = True
    jobs = [submitted(client) for _ in range(5)]  # four run at once
    wait_for(lambda: fakes.generation.running == 3)
    for job in reversed(jobs):
        client.delete(f"{API}/jobs/{job['id']}")
        client.delete(f"{API}/jobs/{job['id']}")
    for job in jobs:
        assert ended(client, job)["state"] == "canceled"
    wait_for(lambda: len(counted.endings) == 5)
    assert set(counted.endings) == {("generate", "canceled")}


async def test_a_job_that_runs_is_left_to_its_run_to_count(counted: Counted) -> None:
    kept = KeptJobs(SqliteJobStore(), counted)
    kept.store.accept(draft())
    run = kept.store.claim()
    assert run is not None
    assert (await kept.cancel(run.job.id)).state == "running"
    assert kept.store.finish(run.lease, "canceled", None)
    assert (await kept.cancel(run.job.id)).state == "canceled"
    assert counted.endings == []


@pytest.mark.parametrize("replicas", [1, 4])
async def test_a_waiting_job_that_several_cancel_at_once_is_counted_once(
    replicas: int, counted: Counted
) -> None:
    """Also where each of them asks another replica: all have the store in common, and no more."""
    store = SqliteJobStore()
    kept = [KeptJobs(store, counted) for _ in range(replicas)]
    for _ in range(10):
        job = store.accept(draft()).job
        asked = [each.cancel(job.id) for each in kept for _ in range(8 // replicas)]
        assert {ended.state for ended in await asyncio.gather(*asked)} == {"canceled"}
    assert counted.endings == [("generate", "canceled")] * 10

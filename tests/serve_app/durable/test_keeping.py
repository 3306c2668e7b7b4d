"""Who waits for news of a job hears them, and hears no others."""

from __future__ import annotations

import asyncio
import base64
import itertools
import threading
from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from engines.errors import JsonValue, Overloaded
from engines.jobs.model import Claimed, Lease, LeaseLost
from engines.jobs.sqlite.store import SqliteJobStore
from serve_app.config import DurableJobs
from serve_app.durable.following import follow
from serve_app.durable.keeping import QUEUE, KeptJobs
from serve_app.durable.progress import ProgressPump
from tests.engines.jobs.drafts import draft
from tests.serve_app.durable.playing import LEASE_S
from tests.serve_app.fakes import FakeClock

EAGER = DurableJobs(report_every_s=0.01, lease_s=LEASE_S)
LONG_S = 60.0


async def test_news_wake_those_who_wait_for_them_alone() -> None:
    kept = KeptJobs(SqliteJobStore())
    one, same, other = (asyncio.create_task(kept.news(LONG_S, name)) for name in ("a", "a", "b"))
    await asyncio.sleep(0)
    kept.wake("a", "nobody")
    await asyncio.gather(one, same)
    assert not other.done()
    other.cancel()


async def test_waiting_ends_without_news_too() -> None:
    await KeptJobs(SqliteJobStore()).news(0.001, QUEUE)


async def running(kept: KeptJobs) -> Claimed:
    await kept.ask(kept.store.accept, draft())
    claimed = await kept.ask(kept.store.claim)
    assert claimed is not None
    return claimed


async def test_a_silent_job_is_told_to_be_still_there() -> None:
    kept = KeptJobs(SqliteJobStore())
    job = (await running(kept)).job
    every_look_takes_s = itertools.count(0.0, 20.0)
    events = follow(kept, job.id, 2, heartbeat_s=15.0, clock=lambda: next(every_look_takes_s))
    assert await anext(events) is None
    await events.aclose()


class Elsewhere(SqliteJobStore):
    """Another worker has every job."""

    def renew(self, lease: Lease) -> bool:
        raise LeaseLost("taken")


class Away(SqliteJobStore):
    """Out of reach for the first calls."""

    left = 3

    def report(self, lease: Lease, done: int, total: int, data: object) -> bool:
        if self.left:
            self.left -= 1
            raise Overloaded("away", 1.0)
        return super().report(lease, done, total, {})


class Hesitant(SqliteJobStore):
    """The first report takes longer than the next one, if both are made at once."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.overtaken = threading.Event(), threading.Event()
        self.first_is_in = threading.Event()

    def report(self, lease: Lease, done: int, total: int, data: Mapping[str, JsonValue]) -> bool:
        is_first = not self.begun.is_set()
        self.begun.set()
        if is_first:
            self.overtaken.wait(0.2)
        canceled = super().report(lease, done, total, data)
        (self.first_is_in if is_first else self.overtaken).set()
        return canceled


async def test_an_earlier_report_that_is_still_under_way_does_not_hide_the_last() -> None:
    store = Hesitant()
    kept = KeptJobs(store)
    claimed = await running(kept)
    async with ProgressPump(kept, claimed.lease, EAGER) as pump:
        pump.report(1, 4)
        while not store.begun.is_set():
            kept.wake(claimed.job.id)
            await asyncio.sleep(0)
        pump.report(4, 4)
    await asyncio.to_thread(store.first_is_in.wait)
    assert (await kept.ask(kept.store.get, claimed.job.id)).done == 4


async def test_a_run_hears_that_its_lease_is_lost() -> None:
    kept, clock = KeptJobs(Elsewhere()), FakeClock()
    claimed = await running(kept)
    async with ProgressPump(kept, claimed.lease, EAGER, clock) as pump:
        clock.advance(5)
        kept.wake(claimed.job.id)
        with pytest.raises(LeaseLost):
            await pump.lost()


async def test_progress_outlives_a_store_that_is_away_for_a_moment() -> None:
    kept = KeptJobs(Away())
    claimed = await running(kept)
    async with ProgressPump(kept, claimed.lease, EAGER) as pump:
        pump.report(3, 9)
        while (await kept.ask(kept.store.get, claimed.job.id)).done != 3:
            kept.wake(claimed.job.id)
            await asyncio.sleep(0)
    assert not pump.stop.is_set()


def test_a_config_cannot_ask_for_progress_without_a_pause() -> None:
    """A pump without a pause would use a whole core for each running job."""
    with pytest.raises(ValidationError, match="report_every_s"):
        DurableJobs(report_every_s=0.0)


async def test_steps_of_a_repeated_run_are_told_once() -> None:
    kept = KeptJobs(SqliteJobStore())
    claimed = await running(kept)
    async with ProgressPump(kept, claimed.lease, EAGER) as pump:
        for done in (1, 2, 1, 2, 3):
            pump.report(done, 3)
            while (await kept.ask(kept.store.get, claimed.job.id)).done < done:
                kept.wake(claimed.job.id)
                await asyncio.sleep(0)
    events = await kept.ask(kept.store.events, claimed.job.id, 0, 100)
    assert [event.data["done"] for event in events if event.type == "progress"] == [1, 2, 3]


async def test_a_step_without_a_preview_does_not_hide_the_one_before() -> None:
    kept = KeptJobs(SqliteJobStore())
    claimed = await running(kept)
    async with ProgressPump(kept, claimed.lease, EAGER) as pump:
        pump.report(1, 9, b"old")
        pump.report(2, 9, b"new")
        pump.report(3, 9)
    events = await kept.ask(kept.store.events, claimed.job.id, 0, 100)
    assert [(e.data["done"], e.data["preview"]) for e in events if e.type == "progress"] == [
        (3, base64.b64encode(b"new").decode())
    ]

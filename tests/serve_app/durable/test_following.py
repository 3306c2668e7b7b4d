"""The events of a job as a watcher hears them: all, once, in order, from where it left off."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import aclosing

import pytest
from starlette.testclient import TestClient

from engines.errors import NotFound
from engines.jobs.model import Answer, Claimed, JobEvent
from engines.jobs.sqlite.store import SqliteJobStore
from serve_app.durable.following import PAGE, follow
from serve_app.durable.keeping import KeptJobs
from tests.engines.jobs.drafts import draft
from tests.serve_app.durable.playing import API, ended, submitted

DONE = Answer(200, {}, "{}")


@pytest.fixture
def kept() -> KeptJobs:
    return KeptJobs(SqliteJobStore())


def running(kept: KeptJobs) -> Claimed:
    kept.store.accept(draft())
    claimed = kept.store.claim()
    assert claimed is not None
    return claimed


async def heard(
    kept: KeptJobs, job_id: str, after_seq: int = 0, clock: Callable[[], float] = lambda: 0.0
) -> list[JobEvent | None]:
    return [event async for event in follow(kept, job_id, after_seq, 15.0, clock)]


async def test_an_ended_job_is_told_from_its_beginning_to_its_end(kept: KeptJobs) -> None:
    run = running(kept)
    kept.store.report(run.lease, 1, 2, {})
    kept.store.finish(run.lease, "succeeded", DONE)
    events = [event for event in await heard(kept, run.job.id) if event is not None]
    assert [event.type for event in events] == ["queued", "started", "progress", "ended"]
    assert [event.seq for event in events] == [1, 2, 3, 4]


@pytest.mark.parametrize("after_seq", [0, 1, 3, 4, 99])
async def test_a_watcher_goes_on_behind_what_it_has_heard(kept: KeptJobs, after_seq: int) -> None:
    run = running(kept)
    kept.store.report(run.lease, 1, 2, {})
    kept.store.finish(run.lease, "succeeded", DONE)
    events = await heard(kept, run.job.id, after_seq)
    assert [event.seq for event in events if event] == list(range(after_seq + 1, 5))


@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_more_events_than_one_look_gives_are_all_heard(kept: KeptJobs, extra: int) -> None:
    run = running(kept)
    for step in range(PAGE + extra - 3):
        kept.store.report(run.lease, step, PAGE, {})
    kept.store.finish(run.lease, "failed", DONE)
    events = await heard(kept, run.job.id)
    assert [event.seq for event in events if event] == list(range(1, PAGE + extra + 1))


async def test_what_happens_while_one_watches_is_heard_as_it_happens(kept: KeptJobs) -> None:
    run = running(kept)
    async with aclosing(follow(kept, run.job.id, 0, 15.0, lambda: 0.0)) as events:
        first = [await anext(events) for _ in range(2)]
        await kept.tell(run.job.id, kept.store.report, run.lease, 1, 2, {})
        second = await anext(events)
        await kept.tell(run.job.id, kept.store.finish, run.lease, "succeeded", DONE)
        third = await anext(events)
        with pytest.raises(StopAsyncIteration):
            await anext(events)
    types = [event.type for event in (*first, second, third) if event]
    assert types == ["queued", "started", "progress", "ended"]


async def test_several_watchers_hear_the_same(kept: KeptJobs) -> None:
    run = running(kept)
    watching = [asyncio.create_task(heard(kept, run.job.id)) for _ in range(5)]
    await asyncio.sleep(0)
    await kept.tell(run.job.id, kept.store.finish, run.lease, "succeeded", DONE)
    told = await asyncio.gather(*watching)
    assert all(each == told[0] for each in told)
    assert len(told[0]) == 3


async def test_silence_is_told_again_and_again(kept: KeptJobs) -> None:
    run = running(kept)
    looks = itertools.count(0.0, 20.0)
    async with aclosing(follow(kept, run.job.id, 2, 15.0, lambda: next(looks))) as events:
        assert [await anext(events) for _ in range(2)] == [None, None]


async def test_nobody_watches_what_is_not_there(kept: KeptJobs) -> None:
    with pytest.raises(NotFound):
        await heard(kept, "job_nobody_has")


# Over HTTP


def lines(client: TestClient, job_id: str, last: str | None = None) -> tuple[int, list[str]]:
    headers = {} if last is None else {"Last-Event-ID": last}
    answer = client.get(f"{API}/jobs/{job_id}/events", headers=headers)
    return answer.status_code, answer.text.split("\n\n")


def test_a_browser_that_has_heard_the_end_is_told_not_to_come_again(client: TestClient) -> None:
    """204 is how an EventSource is kept from connecting for ever."""
    job = submitted(client)
    ended(client, job)
    status, blocks = lines(client, job["id"])
    assert status == 200
    last = blocks[-2].splitlines()[0].removeprefix("id: ")
    assert lines(client, job["id"], last) == (204, [""])
    assert lines(client, job["id"], "9" * 18)[0] == 204
    status, rest = lines(client, job["id"], str(int(last) - 1))
    assert (status, len(rest)) == (200, 2)
    assert "event: ended" in rest[0]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 19, "1 2"])
def test_a_last_event_that_no_job_has_is_refused(client: TestClient, last: str) -> None:
    job = submitted(client)
    ended(client, job)
    answer = client.get(f"{API}/jobs/{job['id']}/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "Last-Event-ID"

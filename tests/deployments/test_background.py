"""Blocking work as a stream: what it reports, what it returns, and how it is stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from deployments.background import Threads, reports_of
from engines.errors import Canceled, Conflict
from engines.protocols import StopCheck
from tests.waiting import PATIENCE_S

Report = Callable[[int], None]
SOON_S = 0.01


async def test_reports_come_before_the_result() -> None:
    heard = threading.Event()

    def work(report: Report) -> str:
        report(1)
        assert heard.wait(PATIENCE_S), "the first report was not delivered while the work went on"
        return "done"

    async def collect() -> list[int | str]:
        found: list[int | str] = []
        async for event in reports_of(work, Threads("test", 1), SOON_S):
            found.append(event)
            heard.set()
        return found

    assert await collect() == [1, "done"]


async def test_of_many_reports_the_newest_is_told() -> None:
    def work(report: Report) -> str:
        for number in range(1000):
            report(number)
        return "done"

    async def collect() -> list[int | str]:
        return [event async for event in reports_of(work, Threads("test", 1), 60.0)]

    assert await collect() == [999, "done"]


async def test_an_error_of_the_work_is_raised_as_it_is() -> None:
    def work(report: Report) -> str:
        raise Conflict("An export to x is running")

    async def collect() -> None:
        async for _ in reports_of(work, Threads("test", 1), SOON_S):
            raise AssertionError("nothing was reported")

    with pytest.raises(Conflict, match="is running"):
        await collect()


def stoppable(ended: list[BaseException]) -> Callable[[Report], str]:
    """Work that reports until it is stopped, and notes what stopped it."""

    def work(report: Report) -> str:
        try:
            while True:
                report(1)
        except BaseException as error:
            ended.append(error)
            raise

    return work


async def test_closing_stops_the_work_and_waits_for_its_end() -> None:
    ended: list[BaseException] = []

    events = reports_of(stoppable(ended), Threads("test", 1), SOON_S)
    await anext(events)
    await events.aclose()
    assert [type(error) for error in ended] == [Canceled]


async def test_cancelling_the_reader_stops_the_work() -> None:
    ended: list[BaseException] = []

    heard = asyncio.Event()

    async def read() -> None:
        async for _ in reports_of(stoppable(ended), Threads("test", 1), SOON_S):
            heard.set()

    task = asyncio.create_task(read())
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [type(error) for error in ended] == [Canceled]


async def test_work_stops_between_its_pieces_when_its_caller_goes() -> None:
    begun, stopped = threading.Event(), threading.Event()

    def work(stop: StopCheck) -> None:
        try:
            while True:
                begun.set()
                stop()
        except Canceled:
            stopped.set()
            raise

    task = asyncio.create_task(Threads("test", 1).run_stoppable(work))
    await asyncio.to_thread(begun.wait, 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(stopped.wait, 20), "it works on for nobody"


async def test_work_that_still_waits_for_a_thread_is_never_begun_for_nobody() -> None:
    release = threading.Event()
    ran: list[str] = []

    threads = Threads("test", 1)
    first = asyncio.create_task(threads.run(release.wait, 20))
    second = asyncio.create_task(threads.run(ran.append, "second"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    release.set()
    await first
    await threads.run(ran.append, "third")
    assert ran == ["third"]


async def test_one_kind_of_work_never_waits_for_another() -> None:
    release = threading.Event()

    async def both() -> str:
        slow = Threads("slow", 1)
        stuck = [asyncio.create_task(slow.run(release.wait, 20)) for _ in range(40)]
        await asyncio.sleep(0)
        found = await Threads("quick", 1).run(str.upper, "here")
        release.set()
        await asyncio.gather(*stuck)
        return found

    assert await both() == "HERE"


async def test_work_that_ends_in_time_hears_of_no_stop() -> None:
    def work(stop: StopCheck) -> str:
        stop()
        return "done"

    assert await Threads("test", 1).run_stoppable(work) == "done"

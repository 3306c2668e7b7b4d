"""Blocking work as a stream: what it reports, what it returns, and how it is stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from deployments.background import reports_of
from engines.errors import Canceled, Conflict

Report = Callable[[int], None]
SOON_S = 0.01


def test_reports_come_before_the_result() -> None:
    heard = threading.Event()

    def work(report: Report) -> str:
        report(1)
        assert heard.wait(30), "the first report was not delivered while the work went on"
        return "done"

    async def collect() -> list[int | str]:
        found: list[int | str] = []
        async for event in reports_of(work, SOON_S):
            found.append(event)
            heard.set()
        return found

    assert asyncio.run(collect()) == [1, "done"]


def test_of_many_reports_the_newest_is_told() -> None:
    def work(report: Report) -> str:
        for number in range(1000):
            report(number)
        return "done"

    async def collect() -> list[int | str]:
        return [event async for event in reports_of(work, 60.0)]

    assert asyncio.run(collect()) == [999, "done"]


def test_an_error_of_the_work_is_raised_as_it_is() -> None:
    def work(report: Report) -> str:
        raise Conflict("An export to x is running")

    async def collect() -> None:
        async for _ in reports_of(work, SOON_S):
            raise AssertionError("nothing was reported")

    with pytest.raises(Conflict, match="is running"):
        asyncio.run(collect())


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


def test_closing_stops_the_work_and_waits_for_its_end() -> None:
    ended: list[BaseException] = []

    async def leave() -> None:
        events = reports_of(stoppable(ended), SOON_S)
        await anext(events)
        await events.aclose()
        assert [type(error) for error in ended] == [Canceled]

    asyncio.run(leave())


def test_cancelling_the_reader_stops_the_work() -> None:
    ended: list[BaseException] = []

    async def read() -> None:
        async for _ in reports_of(stoppable(ended), SOON_S):
            pass

    async def leave() -> None:
        task = asyncio.create_task(read())
        await asyncio.sleep(5 * SOON_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert [type(error) for error in ended] == [Canceled]

"""A bounded pool: no more at once than asked for, and nobody pays for another's failure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from deployments.wiring.workers import WorkerPool
from engines.errors import GenerationFailed
from tests.waiting import PATIENCE_S


class Gauge:
    """Counts how many threads are inside at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = self.most = self.calls = 0
        self.gate = threading.Event()

    def work(self, value: int) -> int:
        with self.lock:
            self.calls += 1
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.gate.wait(PATIENCE_S)
        with self.lock:
            self.inside -= 1
        if value < 0:
            raise GenerationFailed("bad")
        return value * 10


@pytest.fixture
def gauge() -> Iterator[Gauge]:
    made = Gauge()
    yield made
    made.gate.set()


async def until_calls(gauge: Gauge, calls: int) -> None:
    while gauge.calls < calls:  # noqa: ASYNC110 - the counter lives on other threads
        await asyncio.sleep(0.001)


async def test_every_thread_is_warmed_before_the_pool_is_there() -> None:
    warmed: set[int] = set()
    pool = WorkerPool(3, lambda: warmed.add(threading.get_ident()))
    assert len(warmed) == 3
    used = {await pool.run(threading.get_ident) for _ in range(5)}
    assert used <= warmed
    pool.close()


def test_what_fails_while_warming_fails_the_pool() -> None:
    def broken() -> None:
        raise GenerationFailed("no model")

    with pytest.raises(GenerationFailed, match="no model"):
        WorkerPool(2, broken)


@pytest.mark.parametrize("workers", [1, 2])
async def test_as_many_at_once_as_there_are_workers(gauge: Gauge, workers: int) -> None:
    pool = WorkerPool(workers, lambda: None)

    async def six() -> list[int]:
        running = [asyncio.create_task(pool.run(gauge.work, value)) for value in range(6)]
        await until_calls(gauge, workers)
        await asyncio.sleep(0.02)
        assert gauge.calls == workers
        gauge.gate.set()
        return await asyncio.gather(*running)

    assert await six() == [0, 10, 20, 30, 40, 50]
    assert gauge.most == workers
    pool.close()


async def test_a_failure_is_its_callers_own(gauge: Gauge) -> None:
    pool = WorkerPool(2, lambda: None)
    gauge.gate.set()

    async def mixed() -> list[int | BaseException]:
        work = [pool.run(gauge.work, value) for value in (1, -1, 2, -2, 3)]
        return await asyncio.gather(*work, return_exceptions=True)

    results = await mixed()
    assert [r for r in results if isinstance(r, int)] == [10, 20, 30]
    assert sum(isinstance(result, GenerationFailed) for result in results) == 2
    pool.close()


async def test_who_leaves_the_queue_costs_nothing_and_stops_nobody(gauge: Gauge) -> None:
    pool = WorkerPool(1, lambda: None)

    async def leave() -> list[int | BaseException]:
        running = [asyncio.create_task(pool.run(gauge.work, value)) for value in range(4)]
        await until_calls(gauge, 1)
        running[0].cancel()  # in the middle of its work
        running[2].cancel()  # still waiting
        await asyncio.sleep(0)
        gauge.gate.set()
        return await asyncio.gather(*running, return_exceptions=True)

    gone, first, left, last = await leave()
    assert isinstance(gone, asyncio.CancelledError)
    assert isinstance(left, asyncio.CancelledError)
    assert (first, last) == (10, 30)
    assert gauge.calls == 3, "the one that left while waiting was never begun"
    pool.close()


async def test_the_event_loop_runs_while_the_workers_are_busy(gauge: Gauge) -> None:
    pool = WorkerPool(1, lambda: None)

    async def beat() -> int:
        busy = asyncio.create_task(pool.run(gauge.work, 1))
        await until_calls(gauge, 1)
        beats = 0
        for _ in range(50):
            await asyncio.sleep(0)
            beats += 1
        assert not busy.done()
        gauge.gate.set()
        await busy
        return beats

    assert await beat() == 50
    pool.close()

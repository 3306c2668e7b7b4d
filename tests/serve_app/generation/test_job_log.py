"""The log of a job: steps strictly increase, one ending, and only slow readers miss steps."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engines.errors import Canceled, InferloopError
from engines.types import StepProgress, StoredImage
from serve_app.generation.job_log import JobEvent, JobLog

IMAGE = StoredImage("generated/x.png", "m", 1, "ab", 3)


def progress(step: int, total: int = 50) -> StepProgress:
    return StepProgress(step, total)


async def drained(log: JobLog, after_seq: int = 0) -> list[JobEvent]:
    return [event async for event in log.read(after_seq)]


def steps(events: list[JobEvent]) -> list[int]:
    return [event.event.step for event in events if isinstance(event.event, StepProgress)]


async def test_a_reader_that_keeps_up_sees_every_step() -> None:
    log = JobLog(50, coalesce_after=4)
    reading = asyncio.create_task(drained(log))
    for step in range(1, 51):
        log.progress(progress(step))
        await asyncio.sleep(0)
    log.end(IMAGE)
    events = await reading
    assert steps(events) == list(range(1, 51))
    assert events[-1].event == IMAGE
    assert [event.seq for event in events] == list(range(1, 52))


async def test_a_slow_reader_gets_the_newest_and_the_last() -> None:
    events: list[JobEvent] = []
    log = JobLog(50, coalesce_after=4)
    log.progress(progress(1))
    async for event in log.read():
        events.append(event)
        if event.seq == 1:
            for step in range(2, 31):
                log.progress(progress(step))
        elif event.seq == 30:
            for step in range(31, 51):
                log.progress(progress(step))
            log.end(IMAGE)
    assert steps(events) == [1, 30, 50]
    assert events[-1].event == IMAGE


async def test_a_reader_a_little_behind_misses_nothing() -> None:
    log = JobLog(4, coalesce_after=5)
    for step in range(1, 5):
        log.progress(progress(step, 4))
    log.end(IMAGE)
    assert steps(await drained(log)) == [1, 2, 3, 4]


async def test_reading_can_resume_after_a_number() -> None:
    log = JobLog(3, coalesce_after=16)
    for step in range(1, 4):
        log.progress(progress(step, 3))
    log.end(IMAGE)
    assert [event.seq for event in await drained(log, after_seq=2)] == [3, 4]


async def test_an_image_implies_that_all_steps_are_done() -> None:
    log = JobLog(50, coalesce_after=16)
    log.progress(progress(20))
    log.end(IMAGE)
    assert steps(await drained(log)) == [20, 50]


async def test_nothing_follows_the_ending() -> None:
    log = JobLog(5, coalesce_after=16)
    log.end(Canceled("stop"))
    log.end(IMAGE)
    log.progress(progress(1, 5))
    events = await drained(log)
    assert len(events) == 1
    assert isinstance(events[0].event, Canceled)


async def test_several_readers_see_the_same() -> None:
    log = JobLog(10, coalesce_after=16)
    readers = [asyncio.create_task(drained(log)) for _ in range(3)]
    await asyncio.sleep(0)
    for step in range(1, 11):
        log.progress(progress(step, 10))
    log.end(IMAGE)
    first, second, third = await asyncio.gather(*readers)
    assert first == second == third


@given(
    reported=st.lists(st.integers(min_value=-3, max_value=60), max_size=80),
    coalesce_after=st.integers(min_value=1, max_value=20),
    image=st.booleans(),
)
async def test_whatever_is_reported_steps_strictly_increase_and_one_ending_comes_last(
    reported: list[int], coalesce_after: int, image: bool
) -> None:
    log = JobLog(50, coalesce_after)
    for step in reported:
        log.progress(progress(step))
    log.end(IMAGE if image else InferloopError("no"))
    events = await drained(log)
    seen = steps(events)
    assert seen == sorted(set(seen))
    assert all(1 <= step <= 50 for step in seen)
    assert not isinstance(events[-1].event, StepProgress)
    assert all(isinstance(event.event, StepProgress) for event in events[:-1])
    if image:
        assert seen[-1] == 50

"""Every job ends exactly once: with an image, an error or a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from engines.errors import (
    Canceled,
    DeadlineExceeded,
    GenerationFailed,
    InferloopError,
    InvalidParameters,
    NotFound,
    OutOfMemory,
    ReplicaLost,
)
from engines.types import GenerationEvent, GenerationRequest, StepProgress, StoredImage
from serve_app.config import JobLimits
from serve_app.generation.job_log import JobEvent
from serve_app.generation.jobs import JobService
from serve_app.ids import IdSource
from tests.serve_app.fakes import FakeClock, FakeFiles, FakeGeneration
from tests.waiting import until


def order(image_id: str = "image_1", steps: int = 5, prompt: str = "x") -> GenerationRequest:
    return GenerationRequest(
        image_id, prompt, "runwayml/stable-diffusion-v1-5", 64, 64, steps, 7.5, seed=1
    )


class Bench:
    def __init__(self, limits: JobLimits | None = None) -> None:
        self.generation = FakeGeneration(FakeFiles())
        self.clock = FakeClock()
        self.jobs = JobService(
            self.generation, limits or JobLimits(), IdSource().job, clock=self.clock
        )

    async def all_events(self, job_id: str) -> list[JobEvent]:
        return [event async for event in self.jobs.events(job_id)]


def steps_of(events: list[JobEvent]) -> list[int]:
    return [event.event.step for event in events if isinstance(event.event, StepProgress)]


def endings_of(events: list[JobEvent]) -> list[object]:
    return [event.event for event in events if not isinstance(event.event, StepProgress)]


async def test_a_job_reports_every_step_and_its_image() -> None:
    bench = Bench()
    events = await bench.all_events(bench.jobs.submit(order()))
    assert steps_of(events) == [1, 2, 3, 4, 5]
    (ending,) = endings_of(events)
    assert isinstance(ending, StoredImage)
    assert ending.key == "generated/image_1.png"
    assert bench.jobs.running == 0


async def test_what_the_config_rules_out_is_refused_at_once() -> None:
    bench = Bench()
    bench.generation.known_models = ()
    with pytest.raises(InvalidParameters):
        bench.jobs.submit(order())
    assert bench.jobs.running == 0


async def test_a_lost_replica_is_repeated_once_with_the_same_request() -> None:
    bench = Bench()
    bench.generation.failures = [ReplicaLost("gone"), None]
    bench.generation.fail_after_steps = 3
    events = await bench.all_events(bench.jobs.submit(order()))
    assert steps_of(events) == [1, 2, 3, 4, 5]
    assert isinstance(endings_of(events)[0], StoredImage)
    first, second = bench.generation.started
    assert (first.image_id, first.seed) == (second.image_id, second.seed)


async def test_a_replica_lost_twice_is_the_clients_to_know() -> None:
    bench = Bench()
    bench.generation.failures = [ReplicaLost("gone"), ReplicaLost("gone again")]
    job_id = bench.jobs.submit(order())
    with pytest.raises(ReplicaLost, match="gone again"):
        await bench.jobs.outcome(job_id)
    assert len(bench.generation.started) == 2


@pytest.mark.parametrize(
    "error", [GenerationFailed("nan"), OutOfMemory("full"), InvalidParameters.of("a", 1, "b", "c")]
)
async def test_other_errors_are_not_repeated(error: InferloopError) -> None:
    bench = Bench()
    bench.generation.failures = [error]
    job_id = bench.jobs.submit(order())
    with pytest.raises(type(error)):
        await bench.jobs.outcome(job_id)
    assert len(bench.generation.started) == 1


async def test_cancelling_stops_the_work_and_ends_with_canceled() -> None:
    bench = Bench()
    bench.generation.held = True
    job_id = bench.jobs.submit(order())
    bench.generation.release(2)
    events = bench.jobs.events(job_id)
    assert [(await anext(events)).seq for _ in range(2)] == [1, 2]
    bench.jobs.cancel(job_id)
    rest = [event async for event in events]
    assert [type(event.event) for event in rest] == [Canceled]
    assert bench.generation.stopped == ["image_1"]
    assert bench.generation.steps_done == 2
    bench.jobs.cancel(job_id)
    assert len(await bench.all_events(job_id)) == 3


async def test_a_job_canceled_before_its_first_step_ends_too() -> None:
    bench = Bench()
    job_id = bench.jobs.submit(order())
    bench.jobs.cancel(job_id)
    with pytest.raises(Canceled):
        await bench.jobs.outcome(job_id)
    assert bench.generation.started == []


async def test_a_job_lives_no_longer_than_its_lease() -> None:
    bench = Bench()
    bench.generation.held = True
    job_id = bench.jobs.submit(order())
    with bench.jobs.lease(job_id):
        await asyncio.sleep(0)
    with pytest.raises(Canceled):
        await bench.jobs.outcome(job_id)


async def test_a_lease_leaves_a_finished_job_as_it_ended() -> None:
    bench = Bench()
    job_id = bench.jobs.submit(order())
    with bench.jobs.lease(job_id):
        await bench.jobs.outcome(job_id)
    assert isinstance(await bench.jobs.outcome(job_id), StoredImage)


async def test_nobody_needs_to_watch() -> None:
    bench = Bench()
    job_id = bench.jobs.submit(order())
    await until(lambda: not bench.jobs.running)
    assert isinstance(await bench.jobs.outcome(job_id), StoredImage)


async def test_past_its_deadline_a_job_is_stopped() -> None:
    bench = Bench(JobLimits(deadline_base_s=0.02, deadline_s_per_megapixel_step=0))
    bench.generation.held = True
    job_id = bench.jobs.submit(order())
    with pytest.raises(DeadlineExceeded) as caught:
        await bench.jobs.outcome(job_id)
    assert caught.value.details["deadline_s"] == 0.02
    assert bench.generation.stopped == ["image_1"]


async def test_the_engine_is_told_the_deadline_and_the_repetition_what_is_left() -> None:
    bench = Bench(JobLimits(deadline_base_s=100, deadline_s_per_megapixel_step=0))
    bench.generation.failures = [ReplicaLost("gone"), None]
    bench.generation.held = True
    job_id = bench.jobs.submit(order(steps=5))
    bench.generation.release(2)
    await until(lambda: bench.generation.steps_done >= 2)
    bench.clock.advance(30)
    bench.generation.release(5)
    await bench.jobs.outcome(job_id)
    assert [request.deadline_s for request in bench.generation.started] == [100, 70]


class OddGeneration(FakeGeneration):
    """Streams that break the contract."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        if request.prompt == "bug":
            raise ZeroDivisionError("secret detail")
        yield StepProgress(1, request.num_inference_steps)


@pytest.mark.parametrize(
    ("prompt", "expected", "message"),
    [
        ("bug", InferloopError, "Internal server error"),
        ("silent", GenerationFailed, "The generation ended without an image"),
    ],
)
async def test_even_a_broken_stream_ends_once(
    prompt: str, expected: type[InferloopError], message: str
) -> None:
    jobs = JobService(OddGeneration(FakeFiles()), JobLimits(), IdSource().job)
    job_id = jobs.submit(order(prompt=prompt))
    events = [event async for event in jobs.events(job_id)]
    (ending,) = endings_of(events)
    assert type(ending) is expected
    assert str(ending) == message


async def test_finished_jobs_are_kept_for_a_while() -> None:
    bench = Bench(JobLimits(kept_finished_s=10))
    job_id = bench.jobs.submit(order())
    await bench.jobs.outcome(job_id)
    bench.clock.advance(9)
    assert await bench.all_events(job_id)
    bench.clock.advance(2)
    with pytest.raises(NotFound):
        bench.jobs.events(job_id)


async def test_a_bounded_number_of_finished_jobs_is_kept() -> None:
    bench = Bench(JobLimits(kept_finished=2))
    ids = [bench.jobs.submit(order(f"image_{number}")) for number in range(5)]
    await asyncio.gather(*(bench.jobs.outcome(job_id) for job_id in ids))
    for job_id in ids[:3]:
        with pytest.raises(NotFound):
            bench.jobs.events(job_id)
    for job_id in ids[3:]:
        assert await bench.all_events(job_id)


async def test_unknown_jobs_are_not_found() -> None:
    bench = Bench()
    for ask in (bench.jobs.events, bench.jobs.cancel):
        with pytest.raises(NotFound):
            ask("job_none")
    with pytest.raises(NotFound):
        await bench.jobs.outcome("job_none")


async def test_closing_ends_everything() -> None:
    bench = Bench()
    bench.generation.held = True
    ids = [bench.jobs.submit(order(f"image_{number}")) for number in range(3)]
    await asyncio.sleep(0)
    await bench.jobs.close()
    for job_id in ids:
        with pytest.raises(Canceled):
            await bench.jobs.outcome(job_id)
    assert bench.jobs.running == 0


async def test_a_reader_that_leaves_does_not_stop_the_job() -> None:
    bench = Bench()
    job_id = bench.jobs.submit(order())
    async for _ in bench.jobs.events(job_id):
        break
    assert isinstance(await bench.jobs.outcome(job_id), StoredImage)

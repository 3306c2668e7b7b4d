"""Proof (c): one request's failure is its own, and every request ends once."""

from __future__ import annotations

import gc
import logging
import random
import tracemalloc
from typing import Any

import pytest
import torch

from engines.diffusion.engine import StepEngine
from engines.diffusion.isolation import as_domain_error, is_out_of_memory, run_isolated
from engines.diffusion.sampling.text import Wanted
from engines.errors import (
    Canceled,
    DeadlineExceeded,
    GenerationFailed,
    InferloopError,
    NotFound,
    OutOfMemory,
    Overloaded,
)
from tests.engines.diffusion.faults import FaultyRunner, always, faulty_family, runner_over
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
)


def submitted(engine: StepEngine, count: int, **changes: Any) -> list[RecordingListener]:
    listeners = [RecordingListener() for _ in range(count)]
    for index, listener in enumerate(listeners):
        engine.submit(request(f"image-{index}", prompt=f"p{index}", **changes), listener)
    return listeners


class TestOverTheRealModel:
    def test_out_of_memory_is_retried_in_smaller_batches_and_nobody_fails(self) -> None:
        family = faulty_family()
        family.rows_that_fit = 5
        engine = StepEngine(engine_config(), FakeClock(), load=always(runner_over(family)[0]))
        listeners = submitted(engine, 6)
        drive(engine, listeners)
        assert all(each.image is not None for each in listeners)
        assert family.forwards[:4] == [12, 6, 2, 4]
        tries = len(family.forwards)
        assert max(family.forwards[tries // 2 :]) <= 6, "the budget has learnt"
        engine.shutdown()

    def test_what_does_not_fit_alone_fails_alone_and_may_be_retried(self) -> None:
        family = faulty_family()
        family.rows_that_fit = 1
        engine = StepEngine(engine_config(), FakeClock(), load=always(runner_over(family)[0]))
        guided, plain = RecordingListener(), RecordingListener()
        engine.submit(request("guided"), guided)
        engine.submit(request("plain", guidance_scale=1.0), plain)
        drive(engine, [guided, plain])
        assert isinstance(guided.error, OutOfMemory)
        assert guided.error.retryable
        assert plain.image is not None
        engine.shutdown()

    @pytest.mark.parametrize("fault", ["poisoned", "broken"])
    def test_one_bad_row_ends_one_request(self, fault: str) -> None:
        family = faulty_family()
        runner, encoder = runner_over(family)
        engine = StepEngine(engine_config(), FakeClock(), load=always(runner))
        bad = encoder.encode([Wanted("p2", 1, None)])[Wanted("p2", 1, None)]
        getattr(family, fault).add(id(bad))
        listeners = submitted(engine, 5)
        drive(engine, listeners)
        assert [each.image is not None for each in listeners] == [True, True, False, True, True]
        error = listeners[2].error
        assert type(error) is GenerationFailed
        assert "secret" not in error.message
        engine.shutdown()

    def test_a_decode_error_ends_one_request(self) -> None:
        family = faulty_family()
        engine = StepEngine(engine_config(), FakeClock(), load=always(runner_over(family)[0]))
        family.decode_fails = True
        (first,) = submitted(engine, 1)
        drive(engine, [first])
        assert type(first.error) is GenerationFailed
        assert first.steps == [1, 2, 3]
        family.decode_fails = False
        second = RecordingListener()
        engine.submit(request("again"), second)
        drive(engine, [second])
        assert second.image is not None
        engine.shutdown()


PROMPTS = [
    *["fine"] * 8,
    "oom@1",
    "oom@3",
    "step@2",
    "decode",
    "start",
    "crowd",
]
EXPECTED: dict[str, type[InferloopError]] = {
    "oom@1": OutOfMemory,
    "oom@3": OutOfMemory,
    "step@2": GenerationFailed,
    "decode": GenerationFailed,
    "start": GenerationFailed,
}


def a_thousand(engine: StepEngine, seed: int) -> dict[str, tuple[str, RecordingListener]]:
    """Random arrivals, sizes, faults, cancels and deadlines; returns prompt and listener by id."""
    chance = random.Random(seed)
    heard: dict[str, tuple[str, RecordingListener]] = {}
    for index in range(1000):
        image_id, prompt = f"{seed}-{index}", chance.choice(PROMPTS)
        wanted = request(
            image_id,
            prompt=prompt,
            width=chance.choice([64, 64, 72]),
            num_inference_steps=chance.randint(3, 6),
            guidance_scale=chance.choice([1.0, 7.5]),
            deadline_s=chance.choice([None, None, 40.0, 3.0]),
        )
        listener = RecordingListener()
        try:
            engine.submit(wanted, listener)
            heard[image_id] = (prompt, listener)
        except Overloaded:
            engine.step()
        if chance.random() < 0.15:
            engine.cancel(f"{seed}-{chance.randrange(index + 1)}")
        for _ in range(chance.randint(0, 3)):
            engine.step()
    drive(engine, [listener for _, listener in heard.values()])
    return heard


@pytest.mark.slow
def test_a_thousand_requests_end_once_each_and_leave_nothing_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # pytest would keep every logged traceback, and the memory would not be flat for its sake.
    caplog.set_level(logging.CRITICAL, "engines.diffusion")
    ticks = FakeClock()

    def clock() -> float:
        ticks.advance(0.05)
        return ticks.now_s

    runner = FaultyRunner()
    engine = StepEngine(engine_config(max_step_latent_px=600), clock, load=always(runner))
    a_thousand(engine, seed=1)
    gc.collect()
    tracemalloc.start()
    heard = a_thousand(engine, seed=2)
    ends = {type(each.error) for _, each in heard.values()}
    assert {Canceled, DeadlineExceeded, OutOfMemory, GenerationFailed, type(None)} <= ends
    for prompt, listener in heard.values():
        assert listener.ends == 1
        assert (listener.error is None) != (listener.image is None)
        if listener.image is not None:
            assert prompt in ("fine", "crowd")
            assert listener.steps[-1] == listener.events[-1].total_steps
        elif not isinstance(listener.error, Canceled | DeadlineExceeded):
            assert type(listener.error) is EXPECTED[prompt]
    assert runner.alive == 0, "every state that was started was given back"
    stats = engine.stats()
    assert (stats.queued, stats.running, stats.decoding) == (0, 0, 0)
    del heard, listener
    gc.collect()
    left_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left_bytes < 200_000, "a thousand requests left memory behind"
    last = RecordingListener()
    engine.submit(request("last"), last)
    drive(engine, [last])
    assert last.image is not None
    engine.shutdown()


class TestIsolation:
    def test_halves_find_whoever_is_at_fault(self) -> None:
        done: list[int] = []

        def run(items: Any) -> None:
            if 3 in items or 6 in items:
                raise ValueError("bad item")
            done.extend(items)

        failures = run_isolated(run, list(range(8)))
        assert [item for item, _ in failures] == [3, 6]
        assert sorted(done) == [0, 1, 2, 4, 5, 7]

    def test_without_items_nothing_is_run(self) -> None:
        def run(items: Any) -> None:
            raise ValueError("a library that takes no empty batch")

        assert run_isolated(run, []) == []

    def test_out_of_memory_is_told_of_each_group_that_did_not_fit(self) -> None:
        groups: list[int] = []

        def run(items: Any) -> None:
            if len(items) > 2:
                raise MemoryError

        failures = run_isolated(run, list(range(8)), lambda items: groups.append(len(items)))
        assert failures == []
        assert groups == [8, 4, 4]

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (torch.OutOfMemoryError("CUDA out of memory"), True),
            (MemoryError(), True),
            (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
            (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        ],
    )
    def test_out_of_memory_is_recognized(self, error: Exception, expected: bool) -> None:
        assert is_out_of_memory(error) is expected
        assert isinstance(as_domain_error(error), OutOfMemory) is expected

    def test_domain_errors_pass_as_they_are(self) -> None:
        error = NotFound("model", "x")
        assert as_domain_error(error) is error

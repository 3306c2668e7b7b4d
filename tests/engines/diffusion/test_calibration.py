"""What the engine measures when it warms a model, and what it does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from engines.diffusion.config import EngineConfig, ModelEntry, TinySource
from engines.diffusion.engine import StepEngine
from engines.diffusion.models.loading import load_runner
from engines.testing.diffusion import FakeDenoising, FakeRunner
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    engine_config,
    request,
    tiny_entry,
)
from tests.waiting import wait_for

ROW_PX = 64
"""Latent pixels of a picture of 64 px."""


class Machine(FakeRunner):
    """Steps take what a table says, and their rows are written down."""

    def __init__(self, step_s: Mapping[int, float]) -> None:
        super().__init__()
        self.table = step_s
        self.asked: list[int] = []
        self.rows: list[int] = []

    def step_s(self, rows: int, side_px: int) -> float | None:
        assert side_px == 64
        self.asked.append(rows)
        return self.table.get(rows)

    def step(self, batch: Sequence[FakeDenoising]) -> list[Exception | None]:
        self.rows.append(sum(each.rows for each in batch))
        return super().step(batch)


def started(machine: Machine, **changes: object) -> StepEngine:
    entry = ModelEntry(id="tiny", source=TinySource(), native_size_px=64, load_at_start=True)
    config = EngineConfig.model_validate(
        {"models": (entry,), "device": "cpu", "max_step_latent_px": 32 * ROW_PX, **changes}
    )
    engine = StepEngine(config, load=lambda _: machine, idle_s=0.01)
    engine.start()
    return engine


def test_steps_hold_no_more_rows_than_are_worth_it() -> None:
    machine = Machine({2: 1.0, 4: 1.2, 8: 1.4, 16: 2.7, 32: 9.0})
    engine = started(machine)
    wait_for(lambda: engine.stats().step_budgets_px == {"tiny": 8 * ROW_PX})
    assert machine.asked == [2, 4, 8, 16, 32]
    heard = [RecordingListener() for _ in range(12)]
    for index, each in enumerate(heard):
        engine.submit(request(f"image-{index}", num_inference_steps=20), each)
    wait_for(lambda: all(each.ended for each in heard))
    assert max(machine.rows) == 8
    engine.shutdown()


@pytest.mark.parametrize(
    ("table", "asked"),
    [
        ({2: 1.0, 4: 1.0, 8: 1.0, 16: 1.0, 32: 1.0}, [2, 4, 8, 16, 32]),
        ({}, [2]),
    ],
)
def test_without_a_bend_the_configured_most_holds(
    table: Mapping[int, float], asked: list[int]
) -> None:
    machine = Machine(table)
    engine = started(machine)
    wait_for(lambda: machine.asked == asked)
    engine.shutdown()
    assert engine.stats().step_budgets_px == {"tiny": 32 * ROW_PX}


@pytest.mark.parametrize("fixed", [{"calibration_s": 0}, {"warm": False}])
def test_a_config_may_fix_the_budget(fixed: dict[str, object]) -> None:
    machine = Machine({2: 1.0, 4: 8.0, 8: 64.0})
    engine = started(machine, **fixed)
    heard = RecordingListener()
    engine.submit(request("image"), heard)
    wait_for(lambda: heard.ended)
    engine.shutdown()
    assert machine.asked == []
    assert engine.stats().step_budgets_px == {"tiny": 32 * ROW_PX}


class Failing(Machine):
    """Cannot hold four rows."""

    def step_s(self, rows: int, side_px: int) -> float | None:
        if rows == 4:
            raise MemoryError("too many rows")
        return super().step_s(rows, side_px)


def test_a_measurement_that_fails_leaves_the_engine_and_the_configured_budget() -> None:
    engine = started(Failing({2: 1.0}))
    heard = RecordingListener()
    engine.submit(request("image"), heard)
    wait_for(lambda: heard.image is not None)
    engine.check_health()
    engine.shutdown()
    assert engine.stats().step_budgets_px == {"tiny": 32 * ROW_PX}


class Visited(Machine):
    """Gets a request during its first measurement."""

    def __init__(self, visit: Callable[[], None]) -> None:
        super().__init__({2: 1.0, 4: 1.2, 8: 9.0})
        self._visit = visit
        self.order: list[str] = []

    def step_s(self, rows: int, side_px: int) -> float | None:
        if rows == 2:
            self._visit()
        self.order.append("measured")
        return super().step_s(rows, side_px)

    def step(self, batch: Sequence[FakeDenoising]) -> list[Exception | None]:
        self.order.append("stepped")
        return super().step(batch)


def test_a_request_waits_for_one_measurement_at_most() -> None:
    heard = RecordingListener()
    visited = Visited(lambda: engine.submit(request("image", num_inference_steps=3), heard))
    entry = ModelEntry(id="tiny", source=TinySource(), native_size_px=64, load_at_start=True)
    config = EngineConfig(models=(entry,), device="cpu", max_step_latent_px=32 * ROW_PX)
    engine = StepEngine(config, load=lambda _: visited, idle_s=0.01)
    engine.start()
    wait_for(lambda: engine.stats().step_budgets_px == {"tiny": 4 * ROW_PX})
    engine.shutdown()
    assert visited.order == ["measured", *3 * ["stepped"], *2 * ["measured"]]


def test_an_engine_that_was_never_idle_has_measured_nothing() -> None:
    machine = Machine({2: 1.0, 4: 8.0, 8: 64.0})
    entry = ModelEntry(id="tiny", source=TinySource(), native_size_px=64, load_at_start=True)
    config = EngineConfig(models=(entry,), device="cpu", max_step_latent_px=32 * ROW_PX)
    engine = StepEngine(config, load=lambda _: machine, idle_s=1000.0)
    engine.start()
    for index in range(3):
        heard = RecordingListener()
        engine.submit(request(f"image-{index}"), heard)
        wait_for(lambda heard=heard: heard.ended)  # type: ignore[misc]  # mypy: no type of a lambda
    engine.shutdown()
    assert machine.asked == []


def test_a_real_model_times_its_own_steps_and_is_as_before() -> None:
    config = engine_config()
    runner = load_runner(tiny_entry(), config, Path())
    engine = StepEngine(config, FakeClock(), load=lambda _: runner)
    assert (runner.step_s(4, 64) or 0) > 0
    heard = RecordingListener()
    engine.submit(request(), heard)
    wait_for(lambda: engine.step() is not None and heard.ended)
    assert heard.image is not None
    engine.shutdown()

"""The engine's thread: what a caller sees of it when it dies or takes long."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from engines.diffusion.engine import StepEngine
from engines.errors import Canceled, GenerationFailed, ReplicaLost
from engines.testing.diffusion import FakeRunner
from tests.engines.diffusion.faults import always
from tests.engines.diffusion.rig import RecordingListener, engine_config, request
from tests.waiting import PATIENCE_S, wait_for


class Deadly(FakeRunner):
    """Takes the whole thread down, as a bug in the engine itself would."""

    def step(self, batch: object) -> list[Exception | None]:
        raise SystemExit


class Stuck(FakeRunner):
    """A step that lasts until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.let_go = threading.Event(), threading.Event()

    def step(self, batch: Any) -> list[Exception | None]:
        self.entered.set()
        self.let_go.wait(PATIENCE_S)
        return super().step(batch)


def test_a_dead_thread_is_told_and_everyone_hears() -> None:
    engine = StepEngine(engine_config(), load=always(Deadly()))
    engine.start()
    listener = RecordingListener()
    engine.submit(request(), listener)
    wait_for(lambda: listener.ended)
    assert isinstance(listener.error, ReplicaLost)
    with pytest.raises(GenerationFailed, match="SystemExit"):
        engine.check_health()
    with pytest.raises(ReplicaLost):
        engine.submit(request("late"), RecordingListener())
    engine.shutdown()


def test_nothing_waits_for_a_long_step() -> None:
    runner = Stuck()
    engine = StepEngine(engine_config(), load=always(runner))
    engine.start()
    first, second = RecordingListener(), RecordingListener()
    engine.submit(request("first"), first)
    assert runner.entered.wait(PATIENCE_S)
    engine.check_health()
    engine.submit(request("second"), second)
    engine.cancel("second")
    assert engine.stats().running == 1
    assert not second.ended
    runner.let_go.set()
    wait_for(lambda: first.ended and second.ended)
    assert isinstance(second.error, Canceled)
    engine.shutdown()
    engine.check_health()


def test_shutdown_does_not_wait_for_ever() -> None:
    before = set(threading.enumerate())
    runner = Stuck()
    engine = StepEngine(engine_config(), load=always(runner))
    engine.start()
    listener = RecordingListener()
    engine.submit(request(), listener)
    assert runner.entered.wait(PATIENCE_S)
    engine.shutdown(timeout_s=0.05)
    assert isinstance(listener.error, Canceled)
    runner.let_go.set()
    wait_for(lambda: set(threading.enumerate()) <= before)
    assert listener.ends == 1

"""Which thread loads, warms and runs a model: parallel operators belong to one thread."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest

from engines.diffusion.config import ModelEntry
from engines.diffusion.contract import AnyRunner
from engines.diffusion.engine import StepEngine
from engines.diffusion.models.loader_threads import LoaderThreads
from engines.testing.diffusion import FakeRunner
from tests.engines.diffusion.rig import RecordingListener, engine_config, request, tiny_entry
from tests.waiting import PATIENCE_S, wait_for


class Witness(FakeRunner):
    """Notes the threads that warm and run it."""

    def __init__(self) -> None:
        super().__init__()
        self.warmed_by: list[threading.Thread] = []
        self.stepped_by: set[threading.Thread] = set()

    def warm(self) -> None:
        self.warmed_by.append(threading.current_thread())

    def step(self, batch: Any) -> list[Exception | None]:
        self.stepped_by.add(threading.current_thread())
        return super().step(batch)


def test_one_thread_runs_the_model_and_the_one_that_loaded_it_is_gone() -> None:
    witness = Witness()
    loaded_by: list[threading.Thread] = []

    def load(entry: ModelEntry) -> AnyRunner:
        loaded_by.append(threading.current_thread())
        return witness

    config = engine_config(tiny_entry(load_at_start=True)).model_copy(update={"warm": True})
    engine = StepEngine(config, load=load)
    engine.start()
    listener = RecordingListener()
    engine.submit(request(), listener)
    wait_for(lambda: listener.ended)
    engine.shutdown()
    assert set(witness.warmed_by) == witness.stepped_by
    (loader,) = loaded_by
    assert loader not in witness.stepped_by | {threading.current_thread()}
    wait_for(lambda: not loader.is_alive())


def test_tasks_run_one_at_a_time() -> None:
    executor = LoaderThreads()
    running, most = [0], [0]

    def task(number: int) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        threading.Event().wait(0.01)
        running[0] -= 1
        return number

    futures = [executor.submit(task, number) for number in range(8)]
    assert [future.result(30) for future in futures] == list(range(8))
    assert most == [1]


def test_an_error_is_the_future_s() -> None:
    def task() -> None:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        LoaderThreads().submit(task).result(30)


def test_after_shutdown_nothing_begins() -> None:
    executor = LoaderThreads()
    begun, let_go = threading.Event(), threading.Event()

    def task() -> str:
        begun.set()
        assert let_go.wait(PATIENCE_S)
        return "ended"

    running = executor.submit(task)
    assert begun.wait(PATIENCE_S)
    waiting: Future[str] = executor.submit(task)
    executor.shutdown(wait=False)
    let_go.set()
    assert running.result(30) == "ended"
    with pytest.raises(CancelledError):
        waiting.result(30)

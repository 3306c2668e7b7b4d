"""The diffusion deployment's class over an engine that obeys the test."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from deployments.replicas.diffusion import DiffusionReplica
from engines.errors import Canceled, GenerationFailed, InferloopError, Overloaded
from engines.protocols import GenerationListener
from engines.types import GeneratedImage, GenerationRequest, StepProgress, StoredImage


@dataclass
class ScriptedEngine:
    """Plays `events` to each listener at once; remembers what was canceled."""

    events: list[StepProgress | GeneratedImage | InferloopError]
    refuses: InferloopError | None = None
    canceled: list[str] = field(default_factory=list)
    started: bool = False

    def start(self) -> None:
        self.started = True

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        if self.refuses is not None:
            raise self.refuses
        for event in self.events:
            if isinstance(event, StepProgress):
                listener.progress(event)
            elif isinstance(event, InferloopError):
                listener.failed(event)
            else:
                listener.finished(event)

    def cancel(self, place: str) -> None:
        self.canceled.append(place)

    def check_health(self) -> None:
        raise GenerationFailed("thread died")

    def stats(self) -> Any:
        raise AssertionError("not asked in these tests")

    def shutdown(self, timeout_s: float = 30.0) -> None:
        self.started = False


class MemoryRecorder:
    """Knows images of which an earlier run has stored "found" alone."""

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        if request.image_id != "found":
            return None
        return StoredImage("generated/found.png", "m", 1, "00", 9)

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        return StoredImage(f"generated/{request.image_id}.png", image.served_model, 1, "00", 9)


@dataclass(frozen=True)
class ScriptedWiring:
    scripted: ScriptedEngine
    pool_name: str = "test"

    def engine(self) -> ScriptedEngine:
        return self.scripted

    def recorder(self) -> MemoryRecorder:
        return MemoryRecorder()


def replica(engine: ScriptedEngine) -> DiffusionReplica:
    return DiffusionReplica(ScriptedWiring(engine))


def request(progress: bool = True) -> GenerationRequest:
    return GenerationRequest("image_1", "a fox", "m", 64, 64, 2, 7.5, 1, progress=progress)


def image() -> GeneratedImage:
    return GeneratedImage(np.zeros((8, 8, 3), np.uint8), "m", None, "DDIMScheduler", {})


async def collect(engine: ScriptedEngine, progress: bool = True) -> list[Any]:
    return [event async for event in replica(engine).generate(request(progress))]


async def test_progress_then_the_stored_image() -> None:
    steps: list[Any] = [StepProgress(1, 2), StepProgress(2, 2)]
    engine = ScriptedEngine([*steps, image()])
    found = await collect(engine)
    assert found[:-1] == steps
    assert found[-1] == StoredImage("generated/image_1.png", "m", 1, "00", 9)


async def test_who_does_not_watch_hears_the_end_alone() -> None:
    engine = ScriptedEngine([StepProgress(1, 2), StepProgress(2, 2), image()])
    (stored,) = await collect(engine, progress=False)
    assert stored == StoredImage("generated/image_1.png", "m", 1, "00", 9)


async def test_a_failure_is_raised_as_itself() -> None:
    with pytest.raises(GenerationFailed, match="NaN"):
        await collect(ScriptedEngine([StepProgress(1, 2), GenerationFailed("NaN")]))


async def test_a_refusal_leaves_nothing_behind() -> None:
    engine = ScriptedEngine([], refuses=Overloaded("full", 2.0))
    with pytest.raises(Overloaded):
        await collect(engine)
    assert engine.canceled == []


async def test_a_reader_that_leaves_cancels_its_request() -> None:
    engine = ScriptedEngine([StepProgress(1, 2)])

    events = replica(engine).generate(request())
    async for _ in events:
        break
    await events.aclose()
    assert engine.canceled == ["image_1"]


async def test_who_leaves_cancels_no_image_of_that_name_in_other_datasets() -> None:
    engine = ScriptedEngine([StepProgress(1, 2)])
    events = replica(engine).generate(replace(request(), dataset="alpha", space="acme"))
    async for _ in events:
        break
    await events.aclose()
    assert engine.canceled == [replace(request(), dataset="alpha", space="acme").place]
    assert engine.canceled != [replace(request(), dataset="beta", space="acme").place]


async def test_the_engines_own_cancellation_reaches_the_caller() -> None:
    with pytest.raises(Canceled):
        await collect(ScriptedEngine([Canceled("asked for")]))


def test_health_is_the_engines() -> None:
    with pytest.raises(GenerationFailed):
        replica(ScriptedEngine([])).check_health()


async def test_a_repeated_run_answers_the_image_that_is_there() -> None:
    engine = ScriptedEngine([], refuses=Overloaded("full", 2.0))  # it is not asked

    async def repeat() -> list[Any]:
        again = replace(request(), image_id="found", repeated=True)
        return [event async for event in replica(engine).generate(again)]

    assert await repeat() == [StoredImage("generated/found.png", "m", 1, "00", 9)]


async def test_a_repeated_run_that_finds_nothing_makes_the_image() -> None:
    async def repeat() -> list[Any]:
        again = replace(request(), repeated=True)
        return [event async for event in replica(ScriptedEngine([image()])).generate(again)]

    assert await repeat() == [StoredImage("generated/image_1.png", "m", 1, "00", 9)]

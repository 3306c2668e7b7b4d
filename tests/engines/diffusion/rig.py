"""Support for tests of the engine: a clock that the test moves, and a listener that checks the
order of its calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engines.diffusion.config import EngineConfig, ModelEntry, NoiseSchedulerName, TinySource
from engines.diffusion.engine import StepEngine
from engines.errors import InferloopError
from engines.types import GeneratedImage, GenerationRequest, StepProgress
from tests.waiting import wait_for

T = TypeVar("T")
STEPS_S = 280.0
"""A little less than the time limit of a test."""


@dataclass
class FakeClock:
    """A clock that only the test moves, in seconds."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class RecordingListener:
    """Keeps the events, and fails the test if they come in a wrong order."""

    events: list[StepProgress] = field(default_factory=list)
    image: GeneratedImage | None = None
    error: InferloopError | None = None
    ends: int = 0

    @property
    def ended(self) -> bool:
        return self.ends > 0

    @property
    def steps(self) -> list[int]:
        return [event.step for event in self.events]

    def progress(self, event: StepProgress) -> None:
        assert not self.ended, "progress after the end"
        assert event.step == len(self.events) + 1, "a step was skipped or repeated"
        self.events.append(event)

    def finished(self, image: GeneratedImage) -> None:
        self.ends += 1
        self.image = image

    def failed(self, error: InferloopError) -> None:
        self.ends += 1
        self.error = error


class InlineExecutor(Executor):
    """Runs each function at once in the caller's thread, so that a test need not wait."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - an executor keeps every exception in its future
            future.set_exception(error)
        return future


def request(image_id: str = "image", **changes: Any) -> GenerationRequest:
    """A small request to the tiny model."""
    fields: dict[str, Any] = {
        "image_id": image_id,
        "prompt": "a fox",
        "model_id": "tiny",
        "width": 64,
        "height": 64,
        "num_inference_steps": 3,
        "guidance_scale": 7.5,
        "seed": 1,
    }
    return GenerationRequest(**(fields | changes))


def tiny_entry(noise_scheduler: NoiseSchedulerName | None = None, **changes: Any) -> ModelEntry:
    fields: dict[str, Any] = {
        "id": "tiny",
        "source": TinySource(),
        "noise_scheduler": noise_scheduler,
    }
    return ModelEntry(**(fields | changes))


def engine_config(*entries: ModelEntry, **changes: Any) -> EngineConfig:
    return EngineConfig(models=entries or (tiny_entry(),), device="cpu", warm=False, **changes)


def drive(engine: StepEngine, listeners: Sequence[RecordingListener]) -> None:
    """Run steps of the engine in this thread until all requests have ended. A step may compile for
    minutes."""
    wait_for(
        lambda: not engine.step() and all(each.ended for each in listeners), STEPS_S, at_first_s=0
    )

"""Pipelines that cannot be batched by step: the same events, cancellation and pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from engines.diffusion.backends.whole_call import WholeCallRunner
from engines.diffusion.contract import RunnerInfo
from engines.diffusion.engine import StepEngine
from engines.diffusion.models import tiny
from engines.diffusion.sizes import SizeRule
from engines.errors import Canceled, GenerationFailed
from tests.engines.diffusion.faults import always
from tests.engines.diffusion.rig import FakeClock, RecordingListener, drive, engine_config, request
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

INFO = RunnerInfo("DDIMScheduler", None, 1, SizeRule(8))


@pytest.fixture(scope="module")
def pipe() -> Any:
    pipe = tiny.build_tiny_pipeline()
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def engine(pipe: Any) -> Iterator[StepEngine]:
    engine = StepEngine(engine_config(), FakeClock(), load=always(WholeCallRunner(pipe, INFO)))
    yield engine
    engine.shutdown()


def calls_under_way() -> int:
    return sum("_run" in thread.name for thread in threading.enumerate())


def test_interleaved_calls_equal_plain_calls(engine: StepEngine, pipe: Any) -> None:
    listeners = [RecordingListener() for _ in range(3)]
    for index, listener in enumerate(listeners):
        engine.submit(request(str(index), seed=index, num_inference_steps=3 + index), listener)
    drive(engine, listeners)
    for index, listener in enumerate(listeners):
        assert listener.steps == list(range(1, 4 + index))
        assert listener.image is not None
        plain = pipe(
            "a fox",
            height=64,
            width=64,
            num_inference_steps=3 + index,
            generator=torch.Generator("cpu").manual_seed(index),
        ).images[0]
        assert (np.asarray(plain) == listener.image.pixels).all()


def test_cancel_unwinds_the_call(engine: StepEngine) -> None:
    listener = RecordingListener()
    engine.submit(request(num_inference_steps=50), listener)
    wait_for(lambda: engine.step() and len(listener.events) >= 2)
    engine.cancel("image")
    engine.step()
    assert isinstance(listener.error, Canceled)
    assert calls_under_way() == 0


def test_cancel_before_the_first_step(engine: StepEngine) -> None:
    listener = RecordingListener()
    engine.submit(request(), listener)
    engine.cancel("image")
    drive(engine, [listener])
    assert isinstance(listener.error, Canceled)


class FailingPipeline:
    """Has no negative prompt and no size, and fails after its first step where told to."""

    components: dict[str, Any]

    def __init__(self, scheduler: Any) -> None:
        self.components = {"scheduler": scheduler}

    def set_progress_bar_config(self, disable: bool) -> None:
        """It shows none."""

    def __call__(
        self, prompt: str, num_inference_steps: int, callback_on_step_end: Any, output_type: str
    ) -> Any:
        for step in range(num_inference_steps):
            callback_on_step_end(self, step, 0, {})
            if prompt == "fail":
                raise RuntimeError("inner trouble")

        class Output:
            images = torch.full((1, 3, 64, 64), 0.5)

        return Output


@pytest.fixture
def odd_engine(pipe: Any) -> Iterator[StepEngine]:
    runner = WholeCallRunner(FailingPipeline(pipe.scheduler), INFO)
    engine = StepEngine(engine_config(), FakeClock(), load=always(runner))
    yield engine
    engine.shutdown()


def test_a_failure_inside_the_call_ends_the_request(odd_engine: StepEngine) -> None:
    listener = RecordingListener()
    odd_engine.submit(request(prompt="fail"), listener)
    drive(odd_engine, [listener])
    assert type(listener.error) is GenerationFailed
    assert "inner" not in listener.error.message
    assert calls_under_way() == 0


def test_what_the_call_has_no_parameter_for_is_noted(odd_engine: StepEngine) -> None:
    listener = RecordingListener()
    odd_engine.submit(request(negative_prompt="blurry"), listener)
    drive(odd_engine, [listener])
    assert listener.image is not None
    assert listener.image.notes == (
        "FailingPipeline has no negative_prompt",
        "FailingPipeline has no guidance_scale",
        "FailingPipeline has no height",
        "FailingPipeline has no width",
    )

"""On a CUDA device: half precision, compiled and not, gives the same picture in any company.

Not run where there is no such device, and then said: `pytest -m gpu -rs`.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from engines.diffusion.config import EngineConfig, FolderSource, ModelEntry
from engines.diffusion.engine import StepEngine
from engines.types import GenerationRequest
from tests.engines.diffusion.rig import FakeClock, RecordingListener, drive, request

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]

MODELS = Path(__file__).resolve().parents[2] / "models"
HALF_TOLERANCE = 16
"""Of 255, in any channel of any pixel: float16 keeps 11 bits, and a batch changes the last."""
MEAN_TOLERANCE = 1.0
"""Of 255, over all pixels: a last bit here and there is not another picture."""


def entry(**changes: Any) -> ModelEntry:
    """The embedded model: trained, so that a difference would be one that people see."""
    fields: dict[str, Any] = {"id": "tiny", "source": FolderSource(path="inferloop-mini")}
    return ModelEntry.model_validate(fields | changes)


def engine_on_gpu(*entries: ModelEntry, **changes: Any) -> StepEngine:
    config = EngineConfig(models=entries or (entry(),), device="cuda", warm=False, **changes)
    return StepEngine(config, FakeClock(), MODELS)


def made(
    engine: StepEngine, wanted: Sequence[GenerationRequest], apart: int = 0
) -> list[npt.NDArray[np.uint8]]:
    """Pictures of requests that join `apart` steps one after another."""
    listeners = [RecordingListener() for _ in wanted]
    for each, listener in zip(wanted, listeners, strict=True):
        engine.submit(each, listener)
        for _ in range(apart):
            engine.step()
    drive(engine, listeners, limit_s=280)
    assert [each.error for each in listeners] == [None] * len(listeners)
    return [each.image.pixels for each in listeners if each.image is not None]


def mixed(count: int) -> list[GenerationRequest]:
    """Different seeds, steps and guidance at one size, so that they share their steps."""
    return [
        request(
            str(index),
            prompt=("a red apple", "a fox", "a house")[index % 3],
            width=256,
            height=256,
            num_inference_steps=8 + index % 4,
            guidance_scale=(7.5, 1.0, 4.0)[index % 3],
            seed=index,
        )
        for index in range(count)
    ]


def assert_alike(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]) -> None:
    difference = np.abs(left.astype(int) - right.astype(int))
    assert difference.max() <= HALF_TOLERANCE
    assert difference.mean() <= MEAN_TOLERANCE


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_alone_or_in_a_mixed_batch(dtype: str) -> None:
    engine = engine_on_gpu(entry(dtype=dtype))
    together = made(engine, mixed(8), apart=1)
    for index, wanted in enumerate(mixed(8)):
        (alone,) = made(engine, [wanted])
        assert_alike(alone, together[index])
    assert engine.stats().rows_total > engine.stats().steps_total, "nothing was batched"
    engine.shutdown()


def test_auto_is_float16_on_the_gpu_and_the_picture_of_the_cpu() -> None:
    on_gpu = engine_on_gpu()
    (half,) = made(on_gpu, mixed(1))
    on_cpu = StepEngine(EngineConfig(models=(entry(),), device="cpu"), FakeClock(), MODELS)
    (single,) = made(on_cpu, mixed(1))
    difference = np.abs(half.astype(int) - single.astype(int))
    assert difference.mean() <= 4.0, "half precision drifts, but not to another picture"
    on_gpu.shutdown()
    on_cpu.shutdown()


@pytest.mark.timeout(600)
def test_compiled_is_the_same_picture() -> None:
    plain, compiled = engine_on_gpu(), engine_on_gpu(entry(torch_compile="default"))
    for left, right in zip(made(plain, mixed(3)), made(compiled, mixed(3)), strict=True):
        assert_alike(left, right)
    plain.shutdown()
    compiled.shutdown()


@pytest.mark.parametrize("backend", ["auto", "xformers"])
def test_an_attention_backend_is_used_or_its_absence_said(backend: str) -> None:
    engine = engine_on_gpu(entry(attention_backend=backend))
    native = engine_on_gpu()
    listener = RecordingListener()
    engine.submit(mixed(1)[0], listener)
    drive(engine, [listener])
    assert listener.image is not None
    notes = " ".join(listener.image.notes)
    assert ("attention backend" in notes) <= (backend == "xformers")
    (expected,) = made(native, mixed(1))
    assert_alike(listener.image.pixels, expected)
    engine.shutdown()
    native.shutdown()


def test_models_that_take_turns_give_their_memory_back() -> None:
    """Two copies of which one fits: six swaps leave the device as full as the first."""
    pair = [entry(id=name, memory_bytes=2**28) for name in ("a", "b")]
    engine = engine_on_gpu(*pair, model_memory_bytes=2**28)
    held = []
    for turn in range(6):
        wanted = request(str(turn), model_id="ab"[turn % 2], width=256, height=256)
        made(engine, [wanted])
        gc.collect()
        held.append(torch.cuda.memory_allocated())
    assert engine.stats().model_loads_total == 6
    assert max(held[1:]) <= 1.05 * held[0]
    engine.shutdown()

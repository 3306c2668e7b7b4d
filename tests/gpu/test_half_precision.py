"""On a CUDA device: half precision, compiled and not, gives the same picture in any company.

Not run where there is no such device, and then said: `pytest -m gpu -rs`. A machine with little
more than torch and diffusers runs them by `python -m pytest -c tests/gpu/bare.ini tests/gpu`.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import DiffusionPipeline

from engines.diffusion.config import EngineConfig, FolderSource, ModelEntry
from engines.diffusion.engine import StepEngine
from engines.diffusion.models.loading import load_runner
from engines.types import GenerationRequest
from tests.engines.diffusion.rig import FakeClock, RecordingListener, drive, request

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]

logger = logging.getLogger(__name__)
MODELS = Path(__file__).resolve().parents[2] / "models"
TOLERANCE = {"float16": 1.5, "bfloat16": 6.0}
"""Mean difference over all channels of all pixels, of 255. A batch changes the last bits of a sum,
and a sampler amplifies them: on a CPU, bfloat16 is 3 to 6 from float32, two prompts 40 and more."""


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
    drive(engine, listeners)
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


def difference(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]) -> float:
    """Mean over all channels of all pixels, of 255; also logged, to be read in a report."""
    apart = np.abs(left.astype(int) - right.astype(int))
    logger.info("mean %.3f, most %d, over 16: %.2f %%", apart.mean(), apart.max(), _far(apart))
    return float(apart.mean())


def _far(apart: npt.NDArray[np.int64]) -> float:
    return 100 * float((apart > 16).mean())


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_alone_or_in_a_mixed_batch(dtype: str) -> None:
    engine = engine_on_gpu(entry(dtype=dtype))
    together = made(engine, mixed(8), apart=1)
    for index, wanted in enumerate(mixed(8)):
        (alone,) = made(engine, [wanted])
        assert difference(alone, together[index]) <= TOLERANCE[dtype]
    assert difference(together[0], together[1]) > 20, "two prompts are two pictures"
    assert engine.stats().rows_total > engine.stats().steps_total, "nothing was batched"
    engine.shutdown()


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_it_is_the_picture_of_plain_diffusers(dtype: str) -> None:
    engine = engine_on_gpu(entry(dtype=dtype))
    pipe = DiffusionPipeline.from_pretrained(
        MODELS / "inferloop-mini", dtype=getattr(torch, dtype)
    ).to("cuda")
    pipe.set_progress_bar_config(disable=True)
    for wanted, ours in zip(mixed(3), made(engine, mixed(3)), strict=True):
        plain = pipe(
            wanted.prompt,
            width=wanted.width,
            height=wanted.height,
            num_inference_steps=wanted.num_inference_steps,
            guidance_scale=wanted.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(wanted.seed),
        ).images[0]
        assert difference(ours, np.asarray(plain)) <= TOLERANCE[dtype]
    engine.shutdown()


def test_auto_is_float16_on_the_gpu_and_the_picture_of_the_cpu() -> None:
    on_gpu = engine_on_gpu()
    (half,) = made(on_gpu, mixed(1))
    on_cpu = StepEngine(EngineConfig(models=(entry(),), device="cpu"), FakeClock(), MODELS)
    (single,) = made(on_cpu, mixed(1))
    assert difference(half, single) <= 4.0, "half precision drifts, but not to another picture"
    on_gpu.shutdown()
    on_cpu.shutdown()


def test_a_replayed_cuda_graph_is_the_same_picture() -> None:
    """Joining one by one, steps have 2 to 5 rows: a graph for each, the larger ones without."""
    plain, graphed = engine_on_gpu(), engine_on_gpu(entry(cuda_graph_rows=4))
    ours, theirs = (made(each, mixed(3), apart=1) for each in (graphed, plain))
    for left, right in zip(ours, theirs, strict=True):
        assert difference(left, right) <= TOLERANCE["float16"]
    plain.shutdown()
    graphed.shutdown()


def test_decoding_on_a_second_stream_beside_steps_is_the_same_picture() -> None:
    runner = load_runner(entry(), EngineConfig(models=(entry(),), device="cuda"), MODELS)
    finished, others = runner.start(mixed(1)), runner.start(mixed(8)[1:])
    for _ in range(8):
        runner.step(finished)
    expected = runner.decode(finished[0]).pixels
    torch.cuda.synchronize()

    def decoded() -> npt.NDArray[np.uint8]:
        with torch.cuda.stream(torch.cuda.Stream()):
            return runner.decode(finished[0]).pixels

    with ThreadPoolExecutor(1) as decoder:
        jobs = []
        for _ in range(8):
            jobs.append(decoder.submit(decoded))
            runner.step(others)
        for job in jobs:
            assert difference(job.result(), expected) <= TOLERANCE["float16"]
    runner.close()


@pytest.mark.parametrize("graph_rows", [0, 4])
def test_a_closed_engine_gives_its_memory_back(graph_rows: int) -> None:
    first = engine_on_gpu(entry(cuda_graph_rows=graph_rows))
    made(first, mixed(2))  # cuBLAS keeps a workspace for each stream that it ever ran on
    first.shutdown()
    del first
    gc.collect()
    before = torch.cuda.memory_allocated()
    engine = engine_on_gpu(entry(cuda_graph_rows=graph_rows))
    made(engine, mixed(2))
    assert torch.cuda.memory_allocated() > before + 2**23, "the weights alone are more"
    engine.shutdown()
    del engine
    gc.collect()
    torch.cuda.empty_cache()
    assert torch.cuda.memory_allocated() <= before + 2**22


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
    assert difference(listener.image.pixels, expected) <= TOLERANCE["float16"]
    engine.shutdown()
    native.shutdown()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "changes",
    [
        {"torch_compile": "default", "compile_scope": "blocks"},
        {"torch_compile": "default", "compile_scope": "blocks", "cuda_graph_rows": 8},
        {"torch_compile": "default"},
        {"torch_compile": "reduce-overhead"},
    ],
    ids=["blocks", "blocks_and_graphs", "denoiser", "denoiser_and_graphs"],
)
def test_compiled_is_the_same_picture(changes: dict[str, Any]) -> None:
    torch.compiler.reset()
    plain, compiled = engine_on_gpu(), engine_on_gpu(entry(**changes))
    for left, right in zip(made(plain, mixed(3)), made(compiled, mixed(3)), strict=True):
        assert difference(left, right) <= TOLERANCE["float16"]
    plain.shutdown()
    compiled.shutdown()

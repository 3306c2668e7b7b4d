"""The measurements. Each function gives one row of the table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from statistics import mean
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.architectures import Architecture
from benchmarks.gpu.bed import PROMPT, Bed, Dtype, Setup, company, request
from benchmarks.gpu.report import Value
from engines.diffusion.engine import StepEngine
from engines.diffusion.sampling.runner import ModelRunner
from engines.diffusion.sampling.trajectory import Trajectory
from engines.errors import InferloopError
from engines.types import GeneratedImage, GenerationRequest, StepProgress

Row = dict[str, Value]
SDPA = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
}
"""Attention kernels of torch. Each is measured with priority over the others."""
MIXED = ((1.0, 7.5), (0.6, 7.5), (0.4, 7.5), (1.0, 5.0), (0.6, 5.0), (0.4, 5.0))
"""Share of the architecture's steps, and guidance scale, of the requests of a mixed load."""


def step(bed: Bed, architecture: Architecture, setup: Setup, rows: int, with_bare: bool) -> Row:
    """The engine's step with `rows` rows, the decoding of one image and, with `with_bare`, the
    denoiser alone."""
    runner = bed.runner(architecture, setup)
    bed.reset_peak()
    states = runner.start(company(architecture, rows))
    step_s = bed.each(lambda: _checked(runner, states), step_cost_s(architecture, rows))
    bare_s = bed.each(bare(runner, states, rows), step_s) if with_bare else 0.0
    decode_s = bed.decode_s(runner, states[0])
    images = len(states)
    row: Row = {
        "step_ms": 1e3 * step_s,
        "decode_ms": 1e3 * decode_s,
        "img_s": images / (architecture.steps * step_s + images * decode_s),
        "peak_gib": bed.peak_gib(),
        "note": "; ".join(runner.info.notes),
    }
    return row | ({"bare_ms": 1e3 * bare_s} if with_bare else {})


def attention(bed: Bed, architecture: Architecture, setup: Setup, rows: int, kernel: str) -> Row:
    """The engine's step, with priority for one of torch's attention kernels."""
    runner = bed.runner(architecture, setup)
    states = runner.start(company(architecture, rows))
    others = [each for each in (*SDPA.values(), SDPBackend.MATH) if each != SDPA[kernel]]
    with sdpa_kernel([SDPA[kernel], *others], set_priority=True):
        step_s = bed.each(lambda: _checked(runner, states), step_cost_s(architecture, rows))
    return {"step_ms": 1e3 * step_s, "note": f"attention: {kernel} first"}


def plain(bed: Bed, architecture: Architecture, dtype: Dtype, images: int) -> Row:
    """A call of plain diffusers for a batch of requests that differ only in the seed, which is its
    best case."""
    pipe = bed.plain(architecture, dtype)
    bed.reset_peak()
    requests = [request(architecture, index, architecture.steps) for index in range(images)]
    _call(pipe, requests, steps=2)
    whole_s = bed.timed(lambda: _call(pipe, requests))
    return {
        "step_ms": 1e3 * whole_s / architecture.steps,
        "img_s": images / whole_s,
        "mean_s": whole_s,
        "peak_gib": bed.peak_gib(),
        "note": f"batch of {images}; step_ms has its share of text and decode",
    }


def overlap(bed: Bed, architecture: Architecture, setup: Setup, rows: int) -> Iterator[Row]:
    """All steps of a full batch while the same number of finished images is decoded: first between
    the steps, as the engine does it, then at the same time in a second thread and CUDA stream."""
    runner = bed.runner(architecture, setup)
    images = rows // 2
    finished = runner.start(company(architecture, rows))
    for name, way in (("decode between steps", _between), ("decode beside steps", _beside)):
        states = runner.start(company(architecture, rows))
        way(bed, runner, states, finished[:1], 2)
        whole = partial(way, bed, runner, states, finished, architecture.steps)
        took_s = bed.timed(whole)
        yield {"img_s": images / took_s, "note": name}


def mixed(bed: Bed, architecture: Architecture, setup: Setup, count: int, rows: int) -> Row:
    """Requests with different steps and guidance, submitted at once, in the engine's continuous
    batching."""
    runner = bed.runner(architecture, setup)
    side = architecture.native_size_px // runner.info.sizes.grid_px
    entry = bed.entry(architecture, setup, "inductor")
    config = bed.config(entry, budget_px=rows * side * side)
    engine = StepEngine(config, time.perf_counter, load=lambda _: runner)
    heard = [Heard() for _ in range(count)]
    runner.step(runner.start(company(architecture, rows)))
    bed.reset_peak()

    def through() -> None:
        for wanted, listener in zip(mixed_load(architecture, count), heard, strict=True):
            engine.submit(wanted, listener)
        while engine.step() or not all(each.ended_at for each in heard):
            pass

    began = time.perf_counter()
    took_s = bed.timed(through)
    errors = [repr(each.error) for each in heard if each.error]
    return {
        "img_s": count / took_s,
        "mean_s": mean(each.ended_at - began for each in heard),
        "peak_gib": bed.peak_gib(),
        "note": "; ".join(errors) or f"{count} requests of mixed steps and guidance at once",
    }


def mixed_plain(bed: Bed, architecture: Architecture, dtype: Dtype, count: int) -> Row:
    """The same requests in plain diffusers. Requests that differ only in the seed share a batch."""
    pipe = bed.plain(architecture, dtype)
    groups = grouped(mixed_load(architecture, count))
    _call(pipe, groups[0], steps=2)
    bed.reset_peak()
    ends: list[float] = []
    spent_s = 0.0
    for group in groups:
        spent_s += bed.timed(partial(_call, pipe, group))
        ends += [spent_s] * len(group)
    return {
        "img_s": count / spent_s,
        "mean_s": mean(ends),
        "peak_gib": bed.peak_gib(),
        "note": f"the same {count} requests, equal ones in one call",
    }


def step_cost_s(architecture: Architecture, rows: int) -> float:
    """Expected seconds of a step on a data-center GPU: the launches of the kernels, or 300 TFLOP/s,
    whichever takes longer."""
    return max(architecture.launch_s, rows * architecture.row_tflop / 300)


def mixed_load(architecture: Architecture, count: int) -> list[GenerationRequest]:
    chosen = [MIXED[index % len(MIXED)] for index in range(count)]
    return [
        request(architecture, index, max(1, round(share * architecture.steps)), guidance)
        for index, (share, guidance) in enumerate(chosen)
    ]


def grouped(requests: Sequence[GenerationRequest]) -> list[list[GenerationRequest]]:
    """Groups of requests for one call of plain diffusers each, in the order of arrival."""

    def shared(each: GenerationRequest) -> tuple[int, float]:
        return each.num_inference_steps, each.guidance_scale

    groups = [list(group) for _, group in groupby(sorted(requests, key=shared), key=shared)]
    return sorted(groups, key=lambda group: int(group[0].image_id))


@dataclass
class Heard:
    """Implements `GenerationListener`: keeps the time of the end and the error."""

    ended_at: float = 0.0
    error: InferloopError | None = field(default=None)

    def progress(self, event: StepProgress) -> None:
        """Ignored."""

    def finished(self, image: GeneratedImage) -> None:
        self.ended_at = time.perf_counter()

    def failed(self, error: InferloopError) -> None:
        self.error = error
        self.ended_at = time.perf_counter()


def bare(
    runner: ModelRunner, states: Sequence[Trajectory], rows: int
) -> Callable[[], torch.Tensor]:
    """A forward pass of the denoiser alone, on inputs that are already prepared."""
    prompts = [each for state in states for each in (state.prompt, state.negative) if each]
    latents = torch.cat([states[0].latents] * rows)
    timesteps = torch.full((rows,), 500.0, device=latents.device)
    size_px = (states[0].request.height, states[0].request.width)

    @torch.inference_mode()
    def forward() -> torch.Tensor:
        return runner.family.denoise(latents, timesteps, prompts, size_px)

    return forward


@contextmanager
def second_stream(device: torch.device) -> Iterator[None]:
    """Within it, this thread uses a second CUDA stream. No effect on a CPU."""
    if device.type != "cuda":
        yield
        return
    with torch.cuda.stream(_side_stream(device)):
        yield


_STREAMS: dict[torch.device, Any] = {}


def _side_stream(device: torch.device) -> Any:
    if device not in _STREAMS:
        _STREAMS[device] = torch.cuda.Stream(device)
    return _STREAMS[device]


def _between(
    bed: Bed,
    runner: ModelRunner,
    states: Sequence[Trajectory],
    finished: Sequence[Trajectory],
    steps: int,
) -> None:
    due = _due(len(finished), steps)
    for index in range(steps):
        _checked(runner, states)
        for waiting in due[index]:
            runner.decode(finished[waiting])


def _beside(
    bed: Bed,
    runner: ModelRunner,
    states: Sequence[Trajectory],
    finished: Sequence[Trajectory],
    steps: int,
) -> None:
    def decoded(waiting: int) -> None:
        with second_stream(bed.device):
            runner.decode(finished[waiting])

    bed.drain()
    due = _due(len(finished), steps)
    with ThreadPoolExecutor(1) as decoder:
        jobs = []
        for index in range(steps):
            _checked(runner, states)
            jobs += [decoder.submit(decoded, waiting) for waiting in due[index]]
        for job in jobs:
            job.result()


def _due(images: int, steps: int) -> list[list[int]]:
    """The indices of the images to decode after each step, distributed evenly."""
    after = [image * steps // images for image in range(images)]
    return [[image for image in range(images) if after[image] == index] for index in range(steps)]


def _checked(runner: ModelRunner, states: Sequence[Trajectory]) -> None:
    for error in runner.step(states):
        if error is not None:
            raise error


def _call(pipe: Any, requests: Sequence[GenerationRequest], steps: int | None = None) -> None:
    first = requests[0]
    pipe(
        [PROMPT] * len(requests),
        width=first.width,
        height=first.height,
        num_inference_steps=steps or first.num_inference_steps,
        guidance_scale=first.guidance_scale,
        generator=[torch.Generator("cpu").manual_seed(each.seed) for each in requests],
    )

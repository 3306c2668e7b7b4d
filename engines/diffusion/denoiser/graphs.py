"""CUDA graphs of the denoiser: one replay in place of a thousand kernel launches.

A small step is bound by launches: the GPU waits for Python. A graph is recorded at the first step
of each shape (rows, size, length of text) and replayed at the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import torch

from engines.diffusion.denoiser.named_inputs import NamedInputs, called

MOST_GRAPHS = 32
"""Shapes recorded for one model; further ones run as they are. A graph holds some megabytes."""
_WARM_UPS = 2
"""Runs before a recording: libraries choose their kernels and take their workspace in them."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A forward with fixed inputs and output, which every replay overwrites."""

    replay: Callable[[], None]
    output: torch.Tensor


class Recorder(Protocol):
    """What records a forward; `CudaRecorder`, or a fake on a machine without CUDA."""

    def record(self, forward: Callable[[], torch.Tensor]) -> Recording:
        """Run `forward` some times and record it. It reads and writes the same memory always."""


class CudaRecorder:
    """Implements `Recorder`; all recordings share one pool of memory, for they replay in turn."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, forward: Callable[[], torch.Tensor]) -> Recording:
        current, aside = torch.cuda.current_stream(), _side_stream()
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UPS):
                forward()
        current.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # thread_local: a decoder on another thread may allocate meanwhile.
        with torch.cuda.graph(
            graph, pool=self._pool, stream=aside, capture_error_mode="thread_local"
        ):
            output = forward()
        return Recording(graph.replay, output)


@cache
def _side_stream() -> torch.cuda.Stream:
    """One for all recordings of the process: cuBLAS keeps a workspace for each stream that it ever
    ran on, 32 MiB on a Hopper card."""
    return torch.cuda.Stream()


class GraphedDenoiser(NamedInputs):
    """Called like the UNet that it holds; steps of at most `most_rows` rows replay a recording."""

    def __init__(self, unet: Any, recorder: Recorder, most_rows: int) -> None:
        self._unet = unet
        self._recorder = recorder
        self._most_rows = most_rows
        self._graphs: dict[tuple[Any, ...], tuple[dict[str, torch.Tensor], Recording]] = {}

    def predicted(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Replayed where there is a recording of this shape, or room for one."""
        key = tuple((name, each.shape, each.dtype) for name, each in inputs.items())
        found = self._graphs.get(key)
        if found is None:
            if inputs["sample"].shape[0] > self._most_rows or len(self._graphs) >= MOST_GRAPHS:
                return self._forward(inputs)
            found = self._graphs[key] = self._recorded(inputs)
        fixed, recording = found
        for name, each in inputs.items():
            fixed[name].copy_(each)
        recording.replay()
        return recording.output.clone()

    def _recorded(self, inputs: Mapping[str, torch.Tensor]) -> tuple[Any, Recording]:
        fixed = {name: each.clone() for name, each in inputs.items()}
        return fixed, self._recorder.record(lambda: self._forward(fixed))

    def _forward(self, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return called(self._unet, inputs)

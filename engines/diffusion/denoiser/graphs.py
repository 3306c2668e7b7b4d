"""CUDA graphs of the denoiser: one replay instead of a thousand kernel launches.

In a step of few rows the GPU waits for Python to launch kernels. Therefore a graph is recorded at
the first step of each shape (rows, picture size, text length) and replayed at later ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import torch

from engines.diffusion.denoiser.named_inputs import NamedInputs, called

MOST_GRAPHS = 32
"""Most shapes recorded per model; steps of other shapes run without a graph. A graph takes some
megabytes."""
_WARM_UPS = 2
"""Runs before a recording, in which libraries choose kernels and allocate their workspace."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded forward pass. `replay` reads fixed input tensors and overwrites `output`."""

    replay: Callable[[], None]
    output: torch.Tensor


class Recorder(Protocol):
    """Records forward passes. Tests pass a fake, because recording needs CUDA."""

    def record(self, forward: Callable[[], torch.Tensor]) -> Recording:
        """Run `forward` a few times, and record it. It must always read the same tensors."""


class CudaRecorder:
    """Implements `Recorder`. All recordings share one memory pool, since they never run at the
    same time."""

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
        # thread_local: decoding on another thread may allocate memory meanwhile.
        with torch.cuda.graph(
            graph, pool=self._pool, stream=aside, capture_error_mode="thread_local"
        ):
            output = forward()
        return Recording(graph.replay, output)


@cache
def _side_stream() -> torch.cuda.Stream:
    """The stream of all recordings in this process. Only one, because cuBLAS keeps a workspace for
    every stream that it was used on: 32 MiB on a Hopper GPU."""
    return torch.cuda.Stream()


class GraphedDenoiser(NamedInputs):
    """Called like the UNet that it wraps; steps of at most `most_rows` rows replay a recording."""

    def __init__(self, unet: Any, recorder: Recorder, most_rows: int) -> None:
        self._unet = unet
        self._recorder = recorder
        self._most_rows = most_rows
        self._graphs: dict[tuple[Any, ...], tuple[dict[str, torch.Tensor], Recording]] = {}

    def predicted(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """The prediction (R, C, h, w): replayed if this shape is recorded or can be, else computed
        by the UNet."""
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

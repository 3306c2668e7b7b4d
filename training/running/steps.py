"""The denoiser's steps: launched kernel by kernel, or recorded once and replayed as CUDA graphs.

A step launches some thousand kernels, most of them shorter than their launch, whatever the batch. A
replay launches all at once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.running.optimize import Optimizer

Recorder = Callable[[Callable[[], Tensor]], tuple[Tensor, Callable[[], object]]]
"""Runs some work, and returns the tensor of its result and what does the same again into it."""
WARM_STEPS = 3
AHEAD = 2
"""Steps that may wait on the device: more would hide how long they take."""


@dataclass(frozen=True)
class Way:
    """How steps are done: pictures of a batch at the native grid, the UNet compiled at that grid,
    CUDA graphs, and convolutions with their channels last in memory."""

    batch: int
    graphed: bool = False
    compiled: bool = False
    channels_last: bool = True

    def __str__(self) -> str:
        parts = ["graphs" if self.graphed else "eager", "compiled" if self.compiled else ""]
        parts += ["" if self.channels_last else "channels first", f"batch {self.batch}"]
        return ", ".join(part for part in parts if part)


class Graphs:
    """Records work as CUDA graphs that share their memory: one at a time may run, and a result is
    to be read before the next is replayed."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, work: Callable[[], Tensor]) -> tuple[Tensor, Callable[[], object]]:
        """Do the work some times, then record it. Other threads may go on allocating."""
        beside, here = torch.cuda.Stream(), torch.cuda.current_stream()
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            for _ in range(WARM_STEPS):
                work()
        here.wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            result = work()
        return result, graph.replay


@dataclass(frozen=True)
class Recorded:
    """A gradient that was recorded for batches of one shape."""

    clean: Tensor
    tokens: Tensor
    loss: Tensor
    replay: Callable[[], object]

    def __call__(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Replay it for a batch; return the loss, (), which the next replay overwrites."""
        self.clean.copy_(clean)
        self.tokens.copy_(tokens)
        self.replay()
        return self.loss


class Steps:
    """Does one step after the other. ``gradient`` leaves the gradients of (clean, tokens) and
    returns the loss; without a ``record`` that works, kernel by kernel."""

    def __init__(
        self,
        gradient: Callable[[Tensor, Tensor], Tensor],
        optimizer: Optimizer,
        record: Recorder | None,
    ) -> None:
        self._gradient, self._optimizer, self._record = gradient, optimizer, record
        self._known: dict[torch.Size, Recorded] = {}
        self._descent: Callable[[], object] | None = None
        self._waiting: deque[torch.cuda.Event] = deque()

    @property
    def recorded(self) -> bool:
        """Whether steps are still recorded: false where that failed."""
        return self._record is not None

    def __call__(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Do a step on (n, 24, h, w) latents and (n, 32) tokens; return its loss, ()."""
        loss = self.slope(clean, tokens)
        self.descend()
        if clean.is_cuda:
            self._waiting.append(torch.cuda.current_stream().record_event())
            if len(self._waiting) > AHEAD:
                self._waiting.popleft().synchronize()
        return loss

    def slope(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Leave the gradients of a batch; return its loss."""
        if self._record is not None and clean.shape not in self._known:
            self._try(lambda record: self._record_slope(record, clean, tokens))
        known = self._known.get(clean.shape) if self._record is not None else None
        return self._gradient(clean, tokens) if known is None else known(clean, tokens)

    def descend(self) -> None:
        """Update the weights."""
        if self._record is not None and self._descent is None:
            self._try(self._record_descent)
        self._optimizer.prepare()
        if self._descent is None:
            self._optimizer.descend()
        else:
            self._descent()

    def _try(self, work: Callable[[Recorder], None]) -> None:
        if self._record is None:
            return
        try:
            work(self._record)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[:1]
            print(f"denoiser: steps cannot be recorded, so they are launched: {reason}", flush=True)
            self._record = None

    def _record_slope(self, record: Recorder, clean: Tensor, tokens: Tensor) -> None:
        own = clean.clone(), tokens.clone()
        loss, replay = record(lambda: self._gradient(*own))
        self._known[clean.shape] = Recorded(*own, loss, replay)

    def _record_descent(self, record: Recorder) -> None:
        kept = {name: value.clone() for name, value in self._optimizer.tensors.items()}
        slope = self._optimizer.flat.slope.clone()

        def work() -> Tensor:
            self._optimizer.descend()
            return self._optimizer.mean

        try:
            self._descent = record(work)[1]
        finally:
            for name, value in self._optimizer.tensors.items():
                value.copy_(kept[name])
            self._optimizer.flat.slope.copy_(slope)
            self._optimizer.flat.publish()

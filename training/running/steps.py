"""The denoiser's steps: launched kernel by kernel, or recorded once and replayed as CUDA graphs.

A step launches some thousand kernels. Most take less time than their launch, for any batch size. A
replay launches all of them at once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.running.optimize import Optimizer

Recorder = Callable[[Callable[[], Tensor]], tuple[Tensor, Callable[[], object]]]
"""Runs a function. Returns its result, a tensor, and a function that runs it again and writes the
result into the same tensor."""
WARM_STEPS = 3
AHEAD = 2
"""Most steps that may wait on the device. With more, their time could not be measured."""


@dataclass(frozen=True)
class Way:
    """A way of doing steps. ``batch``: pictures of a batch with the native grid; ``graphed``: as
    CUDA graphs; ``compiled``: the UNet is compiled for that grid; ``channels_last``: memory format
    of convolutions."""

    batch: int
    graphed: bool = False
    compiled: bool = False
    channels_last: bool = True

    def __str__(self) -> str:
        parts = ["graphs" if self.graphed else "eager", "compiled" if self.compiled else ""]
        parts += ["" if self.channels_last else "channels first", f"batch {self.batch}"]
        return ", ".join(part for part in parts if part)


class Graphs:
    """Records functions as CUDA graphs that share their memory. Only one may run at a time, and its
    result must be read before the next one is replayed."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, work: Callable[[], Tensor]) -> tuple[Tensor, Callable[[], object]]:
        """Run the function a few times, then record it. Other threads may allocate meanwhile."""
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
    """A recorded gradient for batches of one shape."""

    clean: Tensor
    tokens: Tensor
    loss: Tensor
    replay: Callable[[], object]

    def __call__(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Replay it for a batch. Returns the loss, a scalar tensor that the next replay
        overwrites."""
        self.clean.copy_(clean)
        self.tokens.copy_(tokens)
        self.replay()
        return self.loss


class Steps:
    """Does one step after the other. ``gradient`` computes the gradients for (clean, tokens) and
    returns the loss. ``record`` records it; if it is None or fails, each kernel is launched."""

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
        """Whether steps are recorded. False after recording failed."""
        return self._record is not None

    def __call__(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Do a step with latents (n, 24, h, w) and tokens (n, 32). Returns its loss, a scalar
        tensor."""
        loss = self.slope(clean, tokens)
        self.descend()
        if clean.is_cuda:
            self._waiting.append(torch.cuda.current_stream().record_event())
            if len(self._waiting) > AHEAD:
                self._waiting.popleft().synchronize()
        return loss

    def slope(self, clean: Tensor, tokens: Tensor) -> Tensor:
        """Compute the gradients of a batch. Returns its loss."""
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

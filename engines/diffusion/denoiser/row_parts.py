"""Split the rows of a forward pass among threads, each of which runs its own forward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engines.diffusion.denoiser.named_inputs import NamedInputs
from engines.diffusion.workers import Workers

if TYPE_CHECKING:
    from torch import Tensor


class RowParts(NamedInputs):
    """Called like a UNet; runs `denoiser` on an equal share of the rows in each worker thread.

    Results may differ in the last digits from those of one pass over all rows. A pass with fewer
    rows than workers is not split.
    """

    def __init__(self, denoiser: NamedInputs, workers: Workers) -> None:
        self._denoiser = denoiser
        self._workers = workers

    def predicted(self, inputs: dict[str, Tensor]) -> Tensor:
        """The prediction (R, C, h, w). Raises the first exception of a part."""
        count = self._workers.count
        if count < 2 or inputs["sample"].shape[0] < count:
            return self._denoiser.predicted(inputs)
        columns = [each.tensor_split(count) for each in inputs.values()]
        parts = [dict(zip(inputs, part, strict=True)) for part in zip(*columns, strict=True)]
        predictions: list[Tensor] = []
        for outcome in self._workers.each(self._part, parts):
            if isinstance(outcome, Exception):
                raise outcome
            predictions.append(outcome)
        return torch.cat(predictions)

    @torch.inference_mode()  # the mode is set per thread
    def _part(self, inputs: dict[str, Tensor]) -> Tensor:
        return self._denoiser.predicted(inputs)


def one_thread_each(count: int) -> Workers:
    """`count` workers whose torch operators use one thread each; other threads' operators keep
    their number of threads."""
    threads = torch.get_num_threads()

    def use_one() -> None:
        torch.set_num_threads(1)
        # A thread takes the number that was set last for all threads when it first asks for it,
        # or runs its first operator.
        torch.get_num_threads()

    workers = Workers(count, use_one)
    if count > 1:
        torch.set_num_threads(threads)  # new threads take the number that was set last
    return workers

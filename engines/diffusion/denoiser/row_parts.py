"""The rows of one forward, shared out among threads that each run a forward of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engines.diffusion.denoiser.named_inputs import NamedInputs
from engines.diffusion.workers import Workers

if TYPE_CHECKING:
    from torch import Tensor


class RowParts(NamedInputs):
    """Called like a UNet; has `denoiser` predict an equal part of the rows on each worker.

    A row's prediction does not depend on the others but for the last digits, as between steps of
    different numbers of rows. A forward with fewer rows than there are workers is not divided.
    """

    def __init__(self, denoiser: NamedInputs, workers: Workers) -> None:
        self._denoiser = denoiser
        self._workers = workers

    def predicted(self, inputs: dict[str, Tensor]) -> Tensor:
        """The prediction (R, C, h, w). Raises what a part raised."""
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

    @torch.inference_mode()  # which each thread has to say for itself
    def _part(self, inputs: dict[str, Tensor]) -> Tensor:
        return self._denoiser.predicted(inputs)


def one_thread_each(count: int) -> Workers:
    """Workers whose operators run on one thread each; the caller's keep the threads they have."""
    threads = torch.get_num_threads()
    workers = Workers(count, lambda: torch.set_num_threads(1))
    if count > 1:
        torch.set_num_threads(threads)  # for threads to come, too: they take what was set last
    return workers

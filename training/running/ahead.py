"""Batches of latents, composed on a second CUDA stream while the network runs; each is used a few
times.

Composing a batch takes about as long as a step of the network. A second use gets other noise and
other noise levels, so it is nearly as useful as a new batch.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from training.running.feed import Job

SHELVED = 32
"""Number of batches that wait for their next use, so that the uses of a batch are far apart."""


@dataclass(frozen=True)
class Batch:
    """``clean`` (n, 24, h, w) float32 latents and ``tokens`` (n, 32) int64, both on the device."""

    grid: tuple[int, int]
    clean: Tensor
    tokens: Tensor

    def parts(self, count: int) -> list["Batch"]:
        """Return it in ``count`` equal parts. Remaining rows are dropped."""
        each = len(self.clean) // count
        cuts = [slice(at * each, (at + 1) * each) for at in range(count)]
        return [Batch(self.grid, self.clean[cut], self.tokens[cut]) for cut in cuts]


class Ahead(Iterator[Batch]):
    """Makes batches from an endless stream of jobs, one in advance, and gives each ``uses`` times.
    A job is composed at once and split into ``parts`` batches, because launching the kernels takes
    as long for a small job as for a large one."""

    def __init__(
        self,
        jobs: Iterator[Job],
        make: Callable[[Job], Batch],
        device: str,
        uses: int = 1,
        shelved: int = SHELVED,
        parts: int = 1,
    ) -> None:
        self._jobs, self._make, self._uses, self._shelved = jobs, make, uses, shelved
        self._parts = parts
        self._stream = torch.cuda.Stream() if device != "cpu" else None
        if self._stream is not None:
            self._stream.wait_stream(torch.cuda.current_stream())
        self._ready: deque[tuple[Batch, torch.cuda.Event | None]] = deque()
        self._shelf: list[tuple[Batch, int]] = []
        self._rng = random.Random(0)

    def __next__(self) -> Batch:
        if self._uses > 1 and len(self._shelf) >= self._shelved:
            at = self._rng.randrange(len(self._shelf))
            batch, left = self._shelf.pop(at)
            if left > 1:
                self._shelf.append((batch, left - 1))
            return batch
        while len(self._ready) < 1 + self._parts:
            batch, done = self._composed()
            self._ready.extend((part, done) for part in batch.parts(self._parts))
        batch, done = self._ready.popleft()
        if done is not None:
            work = torch.cuda.current_stream()
            work.wait_event(done)
            batch.clean.record_stream(work)
            batch.tokens.record_stream(work)
        if self._uses > 1:
            self._shelf.append((batch, self._uses - 1))
        return batch

    def _composed(self) -> tuple[Batch, torch.cuda.Event | None]:
        job = next(self._jobs)
        if self._stream is None:
            return self._make(job), None
        with torch.cuda.stream(self._stream):
            batch = self._make(job)
            return batch, self._stream.record_event()

"""Batches for the denoiser, composed and tokenized, by worker processes if there are any.

One core composes some thousands of samples per second. A GPU needs ten such workers, a CPU none.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from transformers import CLIPTokenizer

from training.first.batches import Sampler
from training.first.networks import tokenise
from training.language.phrases import unconditional

CAPTION_DROP = 0.1


@dataclass(frozen=True)
class Ready:
    """``latents``: (n, 12, h, w) float32, about unit variance; ``tokens``: (n, 32) int64."""

    latents: Tensor
    tokens: Tensor

    def pin_memory(self) -> "Ready":
        """Return a copy in pinned memory, from which a GPU copies quickly."""
        return Ready(self.latents.pin_memory(), self.tokens.pin_memory())

    def to(self, device: str) -> "Ready":
        """Return a copy on the device. The copy is asynchronous."""
        return Ready(
            self.latents.to(device, non_blocking=True), self.tokens.to(device, non_blocking=True)
        )


class Batches(IterableDataset[Ready]):
    """An endless stream of batches, different in each worker. One in ten captions is replaced by an
    empty or negative one."""

    def __init__(self, sampler: Sampler, tokenizer: CLIPTokenizer, size: int, seed: int) -> None:
        self._sampler, self._tokenizer, self._size, self._seed = sampler, tokenizer, size, seed

    def __iter__(self) -> Iterator[Ready]:
        info, rng = get_worker_info(), self._sampler.rng
        rng.seed(f"{self._seed}/{info.id if info else 0}")
        torch.set_num_threads(1)
        while True:
            batch = self._sampler.draw(self._size)
            captions = [unconditional(c, CAPTION_DROP, rng) for c in batch.captions]
            yield Ready(batch.latents, tokenise(self._tokenizer, captions))


def feed(batches: Batches, workers: int, *, pin: bool) -> Iterator[Ready]:
    """Return the stream. With 0 workers the batches are composed in this process. Workers share the
    memory of the banks."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads do not survive a fork
    loader: DataLoader[Ready] = DataLoader(
        batches,
        batch_size=None,
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=3 if workers else None,
    )
    return iter(loader)

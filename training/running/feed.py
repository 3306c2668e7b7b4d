"""Batches for training: worker processes make captions and plans, the device composes the
pictures."""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.gallery import Shelf
from training.language.phrases import unconditional
from training.language.sentences import Sentences
from training.language.words import build_tokenizer, tokenize
from training.plans import Plan, plan
from training.tiles import Drawing

GRIDS = ((16, 16), (8, 8), (12, 12), (16, 24), (24, 16), (24, 24), (16, 32), (32, 16))
"""Latent (height, width) that the model is trained with. A cell is 32 pixels of the picture."""
GRID_SHARES = (0.72, 0.09, 0.03, 0.05, 0.05, 0.02, 0.02, 0.02)
CAPTION_DROP = 0.1


@dataclass(frozen=True)
class Job:
    """A batch to compose: latent grid, plan, and (n, 32) int64 token ids of its captions."""

    grid: tuple[int, int]
    plan: Plan
    tokens: Tensor

    def repeated(self, times: int) -> "Job":
        """Return a job with each picture repeated ``times`` times, one after the other."""
        plan = Plan(*(t.repeat_interleave(times, 0) for t in (self.plan.grounds, self.plan.layers)))
        return Job(self.grid, plan, self.tokens.repeat_interleave(times, 0))

    def pin_memory(self) -> "Job":
        """Return a copy in pinned memory, from which a GPU copies quickly."""
        held = Plan(self.plan.grounds.pin_memory(), self.plan.layers.pin_memory())
        return Job(self.grid, held, self.tokens.pin_memory())


@dataclass(frozen=True)
class Recipe:
    """The data for the workers. ``batch``: batch size with the native grid; ``drop``: share of
    captions that are replaced by an empty or negative one."""

    drawings: Sequence[Drawing]
    shelf: Shelf
    tokenizer: Path
    batch: int
    seed: int
    native_only: bool = False
    drop: float = CAPTION_DROP


class Jobs(IterableDataset[Job]):
    """An endless stream of jobs, different in each worker."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def __iter__(self) -> Iterator[Job]:
        info, recipe = get_worker_info(), self._recipe
        torch.set_num_threads(1)
        rng = random.Random(recipe.seed * 1009 + (info.id if info else 0))
        sentences, tokenizer = Sentences(recipe.drawings, rng), build_tokenizer(recipe.tokenizer)
        while True:
            grid = GRIDS[0] if recipe.native_only else rng.choices(GRIDS, GRID_SHARES)[0]
            count = max(4, round(recipe.batch * 256 / (grid[0] * grid[1])))
            count = min(count, recipe.batch)
            pictures = [sentences.draw() for _ in range(count)]
            captions = [unconditional(p.caption, recipe.drop, rng) for p in pictures]
            yield Job(grid, plan(pictures, recipe.shelf), tokenize(tokenizer, captions))


def feed(recipe: Recipe, workers: int, *, pin: bool) -> Iterator[Job]:
    """Return the stream of jobs. With 0 workers they are made in this process."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads do not survive a fork
    loader: DataLoader[Job] = DataLoader(
        Jobs(recipe),
        batch_size=None,
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=3 if workers else None,
    )
    return iter(loader)

"""The data of all stages: drawings, places, their composer, the latent code, the batches."""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from training import tiles
from training.cache import Cache, parser
from training.gallery import LAYOUTS, SHAPES, Shelf, Sizes, drawn
from training.language.words import build_tokenizer
from training.networks.latent_code import LatentCode
from training.networks.parts import FULL, Widths
from training.pictures.compose import Composer, Fused, Windows
from training.running.attempts import Trial
from training.running.feed import Job, Recipe, feed
from training.running.loop import Stopwatch

FIT_BATCHES = 60


@dataclass(frozen=True)
class Options:
    """The options of every stage."""

    cache: Cache
    seed: int
    device: str
    workers: int
    """Number of processes that make captions; 0: this process does it."""
    batch: int
    """Pictures of 512 px in a step."""
    layouts: int = LAYOUTS
    fit_batches: int = FIT_BATCHES
    """Number of batches, of at most 128 pictures, to which the latent code is fitted."""
    sizes: Sizes = field(default_factory=lambda: SHAPES)
    """Shape to (height, width) of the drawn places."""
    widths: Widths = FULL
    processes: int = 0
    """Number of processes that draw places; 0: one for each core."""

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Options":
        """Take the options of :func:`stage_parser`."""
        return cls(
            Cache(args.cache), args.seed, args.device, args.workers, args.batch, args.layouts
        )


def stage_parser(description: str | None, *, minutes: float, batch: int) -> argparse.ArgumentParser:
    """Return the parser of a training stage."""
    made = parser(description)
    made.add_argument("--minutes", type=float, default=minutes, help="time budget over all starts")
    made.add_argument("--batch", type=int, default=batch)
    made.add_argument("--device", default="cpu", help="cpu or cuda")
    made.add_argument(
        "--workers", type=int, default=0, help="number of processes that make captions"
    )
    made.add_argument("--layouts", type=int, default=LAYOUTS, help="layouts of each place and hour")
    return made


def fused_trial(options: Options) -> Trial:
    """Start a trial, in a separate process, of the kernel that composes all drawings at once."""
    command = [sys.executable, "-m", "training.pictures.fused", "--device", options.device]
    return Trial(command, options.cache.file("fused.log"), limit_s=60)


def fused() -> Callable[[list[Tensor]], Fused]:
    """Return the class of that kernel. It needs Triton, which is only in GPU builds of PyTorch."""
    made: Callable[[list[Tensor]], Fused] = importlib.import_module("training.pictures.fused").Fused
    return made


class Workshop:
    """Tiles and places on the device, made once for all stages of a process. Prints each step."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.shelf = Shelf(options.layouts)
        clock = Stopwatch("workshop")
        trial = None if options.device == "cpu" else fused_trial(options)
        build_tokenizer(self.tokenizer)
        clock.told("tokenizer")
        places = drawn(options.cache, self.shelf, options.sizes, options.processes)
        clock.told("places")
        made = tiles.load(options.cache)
        self.drawings = made.drawings
        clock.told(f"{len(made.drawings)} drawings")
        fuse = fused() if trial is not None and "fused" in trial.able() else None
        self.composer = Composer(made, places, options.device, fuse)
        clock.told(f"all on {options.device}")

    @property
    def tokenizer(self) -> Path:
        """The folder of the tokenizer."""
        return self.options.cache.file("tokenizer/x").parent

    def jobs(
        self, batch: int, salt: int, *, native: bool = False, drop: float = 0
    ) -> Iterator[Job]:
        """Return an endless stream of batches. Different ``salt`` give different batches."""
        seed = self.options.seed * 100_003 + salt
        recipe = Recipe(self.drawings, self.shelf, self.tokenizer, batch, seed, native, drop)
        on_gpu = self.options.device != "cpu"
        return feed(recipe, self.options.workers, pin=on_gpu)

    def half(self, job: Job) -> Tensor:
        """Return the job's pictures at half size, float32 (n, 3, 16h, 16w), 0..255."""
        height, width = job.grid
        return self.composer.pictures(job.plan, 16 * height, 16 * width)

    def whole(self, job: Job, windows: Windows | None = None) -> Tensor:
        """Return the job's pictures, float32 (n, 3, 32h, 32w), 0..255, or a window of each."""
        height, width = job.grid
        return self.composer.pictures(job.plan, 32 * height, 32 * width, windows)

    def sent(self, values: Tensor) -> Tensor:
        """Copy values from the host to the device, without waiting."""
        return self.composer.sent(values)

    def code(self) -> LatentCode:
        """Return the latent code of the cache. Fits it first if there is none."""
        try:
            return LatentCode.load(self.options.cache, self.options.device)
        except FileNotFoundError:
            jobs = self.jobs(min(self.options.batch, 128), 1)
            made = LatentCode.fit(self.half(next(jobs)) for _ in range(self.options.fit_batches))
            made.save(self.options.cache)
            half = self.half(next(jobs))
            error = (made.decode(made.encode(half)) - half).square().mean()
            ratio = float(20 * torch.log10(255 / error.sqrt()))
            print(f"code: linear reconstruction {ratio:.1f} dB", flush=True)
            return made

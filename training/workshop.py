"""What every stage works with: the drawings, the places, their composer, the code, the feed."""

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
    """What every stage is told."""

    cache: Cache
    seed: int
    device: str
    workers: int
    """Processes that write sentences; 0: this one does."""
    batch: int
    """Pictures of a step at 512 px."""
    layouts: int = LAYOUTS
    fit_batches: int = FIT_BATCHES
    """Batches of 128 pictures that the latent code is fitted on."""
    sizes: Sizes = field(default_factory=lambda: SHAPES)
    """Height and width that places are drawn in."""
    widths: Widths = FULL
    processes: int = 0
    """Processes that draw places; 0: one a core."""

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Options":
        """Take the options of :func:`stage_parser`."""
        return cls(
            Cache(args.cache), args.seed, args.device, args.workers, args.batch, args.layouts
        )


def stage_parser(description: str | None, *, minutes: float, batch: int) -> argparse.ArgumentParser:
    """Return the parser of a training stage."""
    made = parser(description)
    made.add_argument("--minutes", type=float, default=minutes, help="budget, over all starts")
    made.add_argument("--batch", type=int, default=batch)
    made.add_argument("--device", default="cpu", help="cpu or cuda")
    made.add_argument("--workers", type=int, default=0, help="processes that write sentences")
    made.add_argument("--layouts", type=int, default=LAYOUTS, help="of each place and hour")
    return made


def fused_trial(options: Options) -> Trial:
    """Begin to try whether one kernel composes as the composer does, in a process of its own."""
    command = [sys.executable, "-m", "training.pictures.fused", "--device", options.device]
    return Trial(command, options.cache.file("fused.log"), limit_s=60)


def fused() -> Callable[[list[Tensor]], Fused]:
    """Return what makes that kernel; it needs Triton, which only GPU builds of PyTorch bring."""
    made: Callable[[list[Tensor]], Fused] = importlib.import_module("training.pictures.fused").Fused
    return made


class Workshop:
    """Tiles and places on the device, made once for all stages of a process; tells each step."""

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
        """The tokenizer's folder."""
        return self.options.cache.file("tokenizer/x").parent

    def jobs(
        self, batch: int, salt: int, *, native: bool = False, drop: float = 0
    ) -> Iterator[Job]:
        """Return an endless stream of batches; another ``salt``, other batches."""
        seed = self.options.seed * 100_003 + salt
        recipe = Recipe(self.drawings, self.shelf, self.tokenizer, batch, seed, native, drop)
        on_gpu = self.options.device != "cpu"
        return feed(recipe, self.options.workers, pin=on_gpu)

    def half(self, job: Job) -> Tensor:
        """Return the job's pictures at half size, (n, 3, 16h, 16w), 0..255."""
        height, width = job.grid
        return self.composer.pictures(job.plan, 16 * height, 16 * width)

    def whole(self, job: Job, windows: Windows | None = None) -> Tensor:
        """Return the job's pictures, (n, 3, 32h, 32w), 0..255, or a window of each."""
        height, width = job.grid
        return self.composer.pictures(job.plan, 32 * height, 32 * width, windows)

    def sent(self, values: Tensor) -> Tensor:
        """Return values of the host on the device; the host does not wait."""
        return self.composer.sent(values)

    def code(self) -> LatentCode:
        """Return the latent code, fitted first where there is none yet."""
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

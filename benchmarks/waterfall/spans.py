"""Times the stages of an image by wrapping the parts of a replica."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.datasets.marking import ImageMarks

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.datasets.store.copies import Edit
    from engines.diffusion.contract import AnyRunner, DecodedImage, RunnerInfo
    from engines.diffusion.sampling.trajectory import Trajectory
    from engines.types import GenerationRequest


@dataclass
class Spans:
    """Sums of seconds of each stage: wall time, and CPU time of the calling thread. This is all CPU
    time of the stage only if operators use one thread."""

    wall_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    began_at: dict[str, float] = field(default_factory=dict)
    """Stage to its first start, seconds of `time.perf_counter()`."""

    def clear(self) -> None:
        """Remove all times."""
        for each in (self.wall_s, self.cpu_s, self.began_at):
            each.clear()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time within it to this stage."""
        wall, cpu = time.perf_counter(), time.thread_time()
        self.began_at.setdefault(name, wall)
        try:
            yield
        finally:
            self.wall_s[name] += time.perf_counter() - wall
            self.cpu_s[name] += time.thread_time() - cpu


class TimedRunner:
    """A loaded model whose calls are timed. Implements `contract.Runner`."""

    def __init__(self, runner: AnyRunner, spans: Spans) -> None:
        self._runner = runner
        self._spans = spans

    @property
    def info(self) -> RunnerInfo:
        """Not timed."""
        return self._runner.info

    def start(self, requests: Sequence[GenerationRequest]) -> Sequence[Trajectory]:
        """Times "text and noise"."""
        with self._spans.stage("text and noise"):
            return self._runner.start(requests)

    def step(self, batch: Sequence[Trajectory]) -> Sequence[Exception | None]:
        """Times "steps"."""
        with self._spans.stage("steps"):
            return self._runner.step(batch)

    def decode(self, denoising: Trajectory) -> DecodedImage:
        """Times "decode"."""
        with self._spans.stage("decode"):
            return self._runner.decode(denoising)

    def preview(self, denoising: Trajectory, max_side_px: int) -> bytes | None:
        """Not timed."""
        return self._runner.preview(denoising, max_side_px)

    def abandon(self, denoising: Trajectory) -> None:
        """Not timed."""
        self._runner.abandon(denoising)

    def warm(self) -> None:
        """Not timed."""
        self._runner.warm()

    def step_s(self, rows: int, side_px: int) -> float | None:
        """Not timed."""
        return self._runner.step_s(rows, side_px)

    def close(self) -> None:
        """Not timed."""
        self._runner.close()


@dataclass(frozen=True)
class TimedMarks:
    """Marks images, and times it. Implements `ImageMarks`."""

    marks: ImageMarks
    spans: Spans

    def created(self, key: str, png: bytes, recipe: Recipe) -> bytes:
        """Times "mark"; see `ImageMarks.created`."""
        with self.spans.stage("mark"):
            return self.marks.created(key, png, recipe)

    def edited(self, key: str, png: bytes, edit: Edit) -> bytes:
        """Not timed; see `ImageMarks.edited`."""
        return self.marks.edited(key, png, edit)

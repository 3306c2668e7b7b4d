"""What a kept request runs with: the ids and seeds that were fixed when it was accepted."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from engines.jobs.model import Job, JobRequest
from serve_app.ids import IdSource


class Report(Protocol):
    """Hears of progress on the run's event loop. Never blocks."""

    def __call__(self, done: int, total: int, preview_jpeg: bytes | None = None) -> None: ...


def unheard(done: int, total: int, preview_jpeg: bytes | None = None) -> None:
    """Progress that nobody asked for."""


class Rehearsed(Exception):
    """The request would be run now: it is valid, and names what its caller may name."""


class FixedIds(IdSource):
    """Gives the same id each time, so that a repeated run finds what the first one made."""

    def __init__(self, unique: str) -> None:
        super().__init__()
        self._unique = unique

    def unique(self) -> str:
        """The same for every try of the job, so that a repeated try finds what the first one
        stored."""
        return self._unique


def _seeds(first: int) -> Iterator[int]:
    """The seed itself, then others of 32 bits that follow from it."""
    yield first
    drawn = random.Random(first)
    while True:
        yield drawn.getrandbits(32)


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a kept request; routes find it in their context."""

    ids: IdSource
    draw_seed: Callable[[], int]
    report: Report = unheard
    watched: bool = False
    """Whether anybody may read the progress."""
    previews: bool = False
    repeated: bool = False
    """Whether an earlier run may have made something."""
    accepted_at: float = 0.0
    """Seconds since 1970: what is older is no work of an earlier run."""
    rehearsal: bool = False
    """Whether to raise `Rehearsed` where the work would begin."""

    @classmethod
    def of(
        cls,
        request: JobRequest,
        job: Job,
        report: Report = unheard,
        *,
        watched: bool = False,
        repeated: bool = False,
    ) -> JobRun:
        """With the ids of the request, and seeds that come in the same order in each run."""
        return cls(
            FixedIds(request.unique),
            partial(next, _seeds(request.seed)),
            report,
            watched,
            request.previews,
            repeated or job.tries > 1,
            job.created_at,
        )

    @classmethod
    def rehearsing(cls) -> JobRun:
        """Goes through a route to the point where the work would begin."""
        return cls(FixedIds("rehearsal"), lambda: 0, rehearsal=True)

"""The context of one run of a stored request, with the ids and seeds fixed at its acceptance."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from engines.jobs.model import Job, JobRequest
from serve_app.ids import IdSource


class Report(Protocol):
    """Receives progress, on the event loop of the run. Never blocks."""

    def __call__(self, done: int, total: int, preview_jpeg: bytes | None = None) -> None: ...


def unheard(done: int, total: int, preview_jpeg: bytes | None = None) -> None:
    """Discards progress."""


class Rehearsed(Exception):
    """Raised instead of beginning the work: the request is valid, and its caller may send it."""


class FixedIds(IdSource):
    """Returns the same id each time, so that a repeated run finds the images of the first."""

    def __init__(self, unique: str) -> None:
        super().__init__()
        self._unique = unique

    def unique(self) -> str:
        """The same value for every try of the job, so that a repeated try finds what the first one
        stored."""
        return self._unique


def _seeds(first: int) -> Iterator[int]:
    """The seed of the request, then further seeds of 32 bits that are derived from it."""
    yield first
    drawn = random.Random(first)
    while True:
        yield drawn.getrandbits(32)


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a stored request. Routes find it in their context."""

    ids: IdSource
    draw_seed: Callable[[], int]
    report: Report = unheard
    watched: bool = False
    """Whether the progress can be read."""
    previews: bool = False
    repeated: bool = False
    """Whether an earlier run may have made something."""
    accepted_at: float = 0.0
    """When the request was accepted, seconds since 1970. An object older than this was not made by
    an earlier run of it."""
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
        """A run with the ids of the stored request, and the same sequence of seeds each time."""
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
        """A run that goes through the route and stops where the work would begin."""
        return cls(FixedIds("rehearsal"), lambda: 0, rehearsal=True)

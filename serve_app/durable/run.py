"""What a kept request runs with: the ids and seeds that were fixed when it was accepted."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engines.jobs.model import JobRequest
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
        return self._unique


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a kept request; routes find it in their context."""

    ids: IdSource
    draw_seed: Callable[[], int]
    report: Report = unheard
    watched: bool = False
    """Whether anybody may read the progress."""
    previews: bool = False
    rehearsal: bool = False
    """Whether to raise `Rehearsed` where the work would begin."""

    @classmethod
    def of(cls, request: JobRequest, report: Report = unheard, *, watched: bool = False) -> JobRun:
        """With the ids of the request, and seeds that come in the same order in each run."""
        seeds = random.Random(request.seed)
        return cls(
            FixedIds(request.unique),
            lambda: seeds.getrandbits(32),
            report,
            watched,
            request.previews,
        )

    @classmethod
    def rehearsing(cls) -> JobRun:
        """Goes through a route to the point where the work would begin."""
        return cls(FixedIds("rehearsal"), lambda: 0, rehearsal=True)

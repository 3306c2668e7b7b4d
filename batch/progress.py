"""The progress of a job: counted by one actor, and printed as a bar or as lines."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

import ray

from engines.evidence.report.words import duration

BoardHandle = Any
"""Handle of a `ProgressBoard` actor."""

_BAR_CELLS = 30
_TELL_EVERY_S = 0.5


class ProgressBoard:
    """Adds up the events of all generators."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        """Add to the counts."""
        self._counts.update(counts)

    def counts(self) -> dict[str, int]:
        """Event to its number since the start of the job."""
        return dict(self._counts)


class Teller:
    """Counts events in a generator, and sends the counts to the board at most twice a second."""

    def __init__(self, board: BoardHandle, clock: Callable[[], float] = time.monotonic) -> None:
        self._board = board
        self._clock = clock
        self._heard: Counter[str] = Counter()
        self._told_at = clock()

    def tell(self, what: str) -> None:
        """Count an event, and send the counts if `_TELL_EVERY_S` seconds have passed."""
        self._heard[what] += 1
        if self._clock() - self._told_at >= _TELL_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Send the counts that were not sent yet. Does not block."""
        self._told_at = self._clock()
        if self._heard:
            self._board.add.remote(dict(self._heard))
            self._heard.clear()


def start_board() -> BoardHandle:
    """Start the job's `ProgressBoard` actor, which ends with the job."""
    return ray.remote(ProgressBoard).options(num_cpus=0, max_restarts=-1).remote()


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress at one moment. `before`: rows that earlier submissions have finished. `counts`:
    events since the start."""

    total: int
    before: int
    counts: Mapping[str, int]
    elapsed_s: float
    unit: str = "rows"
    """Name of the counted things, for messages."""

    @property
    def done(self) -> int:
        """Number of finished rows, at most `total`, although rows of a shard that is made again are
        counted twice."""
        ended = sum(self.counts.get(status, 0) for status in ("written", "rejected", "failed"))
        return min(self.before + ended, self.total)

    @property
    def rate(self) -> float:
        """Rows per second since the start."""
        return (self.done - self.before) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    def line(self) -> str:
        """One line: finished rows, share, rate, remaining time."""
        share = f"{self.done}/{self.total} {self.unit} ({100 * self.done / self.total:.1f} %)"
        if not self.counts:
            return f"{share}, engines are starting, {duration(self.elapsed_s)}"
        left = (self.total - self.done) / self.rate if self.rate > 0 else None
        return (
            f"{share}, {self.rate:.2f} {self.unit}/s, "
            f"ETA {'-' if left is None else duration(left)}, "
            f"{self.counts.get('image', 0)} images made, "
            f"{self.counts.get('rejected', 0)} rejected, {self.counts.get('failed', 0)} failed"
        )

    def bar(self) -> str:
        """The line of `line` with a bar, for a terminal."""
        filled = _BAR_CELLS * self.done // self.total
        return f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {self.line()}"


class ProgressPrinter:
    """Prints a bar that is updated in place on a terminal, else a line every `every_s` seconds."""

    def __init__(
        self, stream: TextIO, every_s: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._every_s = 0.5 if self._terminal else every_s
        self._clock = clock
        self._due = clock()

    def show(self, progress: Progress) -> None:
        """Print the progress, if enough time has passed since the last time."""
        if self._clock() < self._due:
            return
        self._due = self._clock() + self._every_s
        if self._terminal:
            self._stream.write(f"\r\x1b[K{progress.bar()}")
        else:
            self._stream.write(f"{progress.line()}\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """Print a line of text."""
        self._stream.write(f"\r\x1b[K{text}\n" if self._terminal else f"{text}\n")
        self._stream.flush()

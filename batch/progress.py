"""How far the job is: counted in one small actor, told as a bar or as lines in a log."""

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
    """Adds up what the generators tell."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        """Add to the counts."""
        self._counts.update(counts)

    def counts(self) -> dict[str, int]:
        """What to how many, since the start."""
        return dict(self._counts)


class Teller:
    """Lives in a generator; sends what it hears to the board at most twice a second."""

    def __init__(self, board: BoardHandle, clock: Callable[[], float] = time.monotonic) -> None:
        self._board = board
        self._clock = clock
        self._heard: Counter[str] = Counter()
        self._told_at = clock()

    def tell(self, what: str) -> None:
        """Count one; all counts are told at most every `_TELL_EVERY_S` seconds."""
        self._heard[what] += 1
        if self._clock() - self._told_at >= _TELL_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Send what has not been sent; nobody waits for it."""
        self._told_at = self._clock()
        if self._heard:
            self._board.add.remote(dict(self._heard))
            self._heard.clear()


def start_board() -> BoardHandle:
    """The job's board; it dies with the job."""
    return ray.remote(ProgressBoard).options(num_cpus=0, max_restarts=-1).remote()


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of the job: `before` rows were done when it started, `counts` since."""

    total: int
    before: int
    counts: Mapping[str, int]
    elapsed_s: float
    unit: str = "rows"
    """What is counted."""

    @property
    def done(self) -> int:
        """Rows that have ended; a shard that is made again does not count past the whole."""
        ended = sum(self.counts.get(status, 0) for status in ("written", "rejected", "failed"))
        return min(self.before + ended, self.total)

    @property
    def rate(self) -> float:
        """Rows per second since the start."""
        return (self.done - self.before) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    def line(self) -> str:
        """One line: done, share, rate, what is left."""
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
        """The same with a bar, for a terminal."""
        filled = _BAR_CELLS * self.done // self.total
        return f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {self.line()}"


class ProgressPrinter:
    """A bar that is drawn over itself on a terminal, else a line every `every_s` seconds."""

    def __init__(
        self, stream: TextIO, every_s: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._every_s = 0.5 if self._terminal else every_s
        self._clock = clock
        self._due = clock()

    def show(self, progress: Progress) -> None:
        """Print if it is time to."""
        if self._clock() < self._due:
            return
        self._due = self._clock() + self._every_s
        if self._terminal:
            self._stream.write(f"\r\x1b[K{progress.bar()}")
        else:
            self._stream.write(f"{progress.line()}\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A line of its own."""
        self._stream.write(f"\r\x1b[K{text}\n" if self._terminal else f"{text}\n")
        self._stream.flush()

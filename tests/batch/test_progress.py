"""What is told while a job runs, and what at its end."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping

import pytest
from ray.exceptions import ActorUnavailableError

from batch.progress import Progress, ProgressPrinter, Teller
from batch.running import JobSummary, progress_told
from engines.evidence.report.words import duration
from tests.waiting import PATIENCE_S


def test_a_line_says_done_rate_and_what_is_left() -> None:
    counts = {"image": 60, "written": 45, "rejected": 4, "failed": 1}
    line = Progress(total=200, before=100, counts=counts, elapsed_s=100.0).line()
    assert line == (
        "150/200 rows (75.0 %), 0.50 rows/s, ETA 1 min 40 s, 60 images made, 4 rejected, 1 failed"
    )


def test_rows_that_are_made_again_do_not_count_past_the_whole() -> None:
    progress = Progress(total=10, before=5, counts={"written": 9}, elapsed_s=1.0)
    assert progress.done == 10


def test_nothing_is_foretold_before_the_first_row() -> None:
    assert "ETA -" in Progress(10, 0, {"image": 1}, 0.0).line()
    waiting = Progress(10, 2, {}, 12.0).line()
    assert waiting == "2/10 rows (20.0 %), engines are starting, 12 s"


def test_the_bar_fills() -> None:
    assert Progress(10, 0, {"written": 5}, 1.0).bar().startswith(f"[{'#' * 15}{'.' * 15}] 5/10")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5.4, "5 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"), (59.7, "1 min 00 s")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_every_few_seconds() -> None:
    clock, stream = Clock(), io.StringIO()
    printer = ProgressPrinter(stream, every_s=5.0, clock=clock)
    for second in range(11):
        clock.now = float(second)
        printer.show(Progress(10, 0, {"written": second}, float(second)))
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["0/10", "5/10", "10/10"]


def test_a_terminal_gets_a_bar_drawn_over_itself() -> None:
    clock, stream = Clock(), Terminal()
    printer = ProgressPrinter(stream, clock=clock)
    printer.show(Progress(10, 0, {}, 0.0))
    clock.now = 1.0
    printer.show(Progress(10, 0, {"written": 1}, 1.0))
    printer.say("a shard is missing")
    assert stream.getvalue().count("\r\x1b[K") == 3
    assert stream.getvalue().count("\n") == 1


class Board:
    """Takes what a teller sends, as the actor's handle does."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, int]] = []
        self.add = self

    def remote(self, counts: Mapping[str, int]) -> None:
        self.sent.append(counts)


def test_a_generator_tells_twice_a_second_at_most() -> None:
    clock, board = Clock(), Board()
    teller = Teller(board, clock)
    for step in range(10):
        clock.now = step * 0.1
        teller.tell("image")
    teller.flush()
    teller.flush()
    assert board.sent == [{"image": 6}, {"image": 4}]


@pytest.mark.parametrize(
    ("written", "rejected", "failed", "unfinished", "code"),
    [(8, 2, 0, 0, 0), (7, 2, 1, 0, 1), (4, 0, 0, 2, 1), (9, 0, 0, 0, 1)],
)
def test_the_exit_code_tells_the_truth(
    written: int, rejected: int, failed: int, unfinished: int, code: int
) -> None:
    summary = JobSummary(10, written, rejected, failed, unfinished, 1.0, None)
    assert summary.exit_code == code


def test_the_summary_is_one_line() -> None:
    assert JobSummary(10, 7, 2, 1, 0, 1.0, None).line() == (
        "complete: 10 rows in = 7 written + 2 rejected + 1 failed"
    )
    assert JobSummary(10, 4, 0, 0, 2, 1.0, None).line().startswith("INCOMPLETE: 2 shards left")


def test_progress_goes_on_after_a_look_that_failed() -> None:
    stream, seen = io.StringIO(), threading.Event()
    looks = iter(range(100))

    def counts() -> dict[str, int]:
        if next(looks) == 0:
            raise ActorUnavailableError("the board's node is gone", None)
        seen.set()
        return {"written": 3}

    with progress_told(counts, 10, 2, ProgressPrinter(stream, every_s=0.0), every_s=0.001):
        assert seen.wait(PATIENCE_S)
    assert "5/10 rows (50.0 %)" in stream.getvalue()

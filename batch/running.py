"""Run a whole job: plan, make missing shards in several passes, run suspect rows one by one, and
write the manifest and the report."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import ray
from ray.exceptions import RayError

from batch.config import JobConfig
from batch.making.alone import run_alone
from batch.making.checkers import start_checkers
from batch.making.generators import GeneratorParts
from batch.output.job_report import ReportFacts, job_report, of_fingerprints
from batch.output.layout import REPORT
from batch.output.manifest import Census, take_census, write_manifest
from batch.pipeline import ShardEnd, run_pass
from batch.planning.plan import Plan, RowSource, ensure_plan
from batch.progress import Progress, ProgressPrinter, start_board
from batch.wiring import Wiring, library_versions
from engines.evidence.report.page import render_report

if TYPE_CHECKING:
    from engines.protocols import Storage
    from engines.types import Comparison

_LOOK_EVERY_S = 0.5


def utc_now() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class JobSummary:
    """The state of a job after a run."""

    rows: int
    written: int
    rejected: int
    failed: int
    unfinished_shards: int
    elapsed_s: float
    report: str | None

    @property
    def complete(self) -> bool:
        """Whether all shards are finished and every row has an outcome."""
        ended = self.written + self.rejected + self.failed
        return self.unfinished_shards == 0 and ended == self.rows

    @property
    def exit_code(self) -> int:
        """0: every row was written or rejected. 1: rows failed, or some have not ended."""
        return 0 if self.complete and self.failed == 0 else 1

    def line(self) -> str:
        """The summary as one line."""
        state = "complete" if self.complete else f"INCOMPLETE: {self.unfinished_shards} shards left"
        return (
            f"{state}: {self.rows} rows in = {self.written} written + {self.rejected} rejected + "
            f"{self.failed} failed"
        )


@dataclass(frozen=True)
class Job:
    """A job. Ray must be connected."""

    config: JobConfig
    wiring: Wiring
    source: RowSource
    stream: TextIO
    clock: Callable[[], datetime] = utc_now

    def run(self) -> JobSummary:
        """Make the missing shards. Can be repeated after any interruption. Blocks.

        Raises:
            Conflict: the output belongs to another job.
            InvalidParameters: the input cannot be read, or is empty.
        """
        started = time.monotonic()
        storage = self.wiring.output()
        printer = ProgressPrinter(self.stream)
        plan = ensure_plan(storage, self.config, self.source, self.clock)
        census = take_census(storage, plan)
        before = census.totals.rows
        printer.say(f"{plan.rows} rows in {plan.shards} shards, {before} rows done before")
        if census.unfinished:
            self._make(plan, census, printer)
        census = write_manifest(storage, plan, self.config, library_versions(), self.clock())
        elapsed_s = time.monotonic() - started
        report = None
        if not census.unfinished:
            report = self._report(storage, plan, census, elapsed_s, census.totals.rows - before)
        return JobSummary(
            plan.rows,
            **census.totals.counts(),
            unfinished_shards=len(census.unfinished),
            elapsed_s=elapsed_s,
            report=report,
        )

    def _make(self, plan: Plan, census: Census, printer: ProgressPrinter) -> None:
        resources = self.config.resources
        checkers = start_checkers(
            self.wiring, resources.checkers, resources.checker_cpus, resources.checker_resources
        )
        board = start_board()
        parts = GeneratorParts(self.wiring, self.config, plan.created_at, checkers, board)
        missing: Sequence[int] = census.unfinished

        def counts() -> Mapping[str, int]:
            found: Mapping[str, int] = ray.get(board.counts.remote())
            return found

        with progress_told(counts, plan.rows, census.totals.rows, printer):
            for _ in range(self.config.tries.passes):
                missing = self._pass(missing, parts, printer)
                if not missing:
                    break
        for checker in checkers:
            ray.kill(checker)

    def _pass(
        self, shards: Sequence[int], parts: GeneratorParts, printer: ProgressPrinter
    ) -> Sequence[int]:
        """Run one pass; returns the shards that are still missing."""
        suspects: list[int] = []
        missing: list[int] = []
        for end in run_pass(shards, parts):
            _sort(end, suspects, missing, printer)
        if suspects:
            printer.say(f"{len(suspects)} shards lost their process: their rows run one by one")
            for end in asyncio.run(run_alone(suspects, parts)):
                _sort(end, missing, missing, printer)
        return missing

    def _report(
        self, storage: Storage, plan: Plan, census: Census, elapsed_s: float, rows_now: int
    ) -> str:
        found = of_fingerprints(census.totals.fingerprints.items())
        facts = ReportFacts(plan, elapsed_s, rows_now, found, self._comparison(census))
        storage.replace(REPORT, render_report(job_report(census.totals, facts)).encode())
        return REPORT

    def _comparison(self, census: Census) -> Comparison | None:
        name, profile = self.config.compare_profile, census.totals.profile
        if name is None or not profile.sample_count:
            return None
        return self.wiring.compare(name, profile.statistics())


def _sort(end: ShardEnd, suspects: list[int], missing: list[int], printer: ProgressPrinter) -> None:
    if end.status == "suspect":
        suspects.append(end.shard)
    elif end.status != "published":
        missing.append(end.shard)
        printer.say(f"shard {end.shard}: {end.status}")


@contextmanager
def progress_told(
    counts: Callable[[], Mapping[str, int]],
    total: int,
    before: int,
    printer: ProgressPrinter,
    every_s: float = _LOOK_EVERY_S,
) -> Iterator[None]:
    """Print the progress from a thread during the block. If the counts cannot be read, because the
    board's node was lost, the thread tries again later."""
    started, stop = time.monotonic(), threading.Event()

    def look() -> None:
        while not stop.wait(every_s):
            with suppress(RayError):
                printer.show(Progress(total, before, counts(), time.monotonic() - started))

    thread = threading.Thread(target=look, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

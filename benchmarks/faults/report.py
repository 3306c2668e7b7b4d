"""The table: one row for every fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.faults.checking import Findings
from benchmarks.faults.requests import OK, End

HEAD = (
    "| fault | requests | ends | lost | twice | kept though told an error | other leftovers "
    "| last failed after, s | not ready, s | slowest, s |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, the ends of the requests before, during and after it, and what they left in the data
    root."""

    fault: str
    ends: Sequence[End]
    findings: Findings
    struck_s: float
    """Time of the fault, seconds of `time.monotonic()`, as in `End`."""
    not_ready_s: float = 0.0
    """How long `/readyz` did not answer 200, from the fault to its end."""
    seen: Sequence[str] = ()
    """Other faulty states."""

    @property
    def recovery_s(self) -> float:
        """Seconds from the fault to the end of the last request that failed; 0 if none did."""
        failed = (end.ended_s for end in self.ends if not end.is_ok and end.ended_s > self.struck_s)
        return max(failed, default=self.struck_s) - self.struck_s

    def counts(self) -> str:
        counted = Counter(end.outcome for end in self.ends)
        ordered = sorted(counted.items(), key=lambda item: (item[0] != OK, item[0]))
        return ", ".join(f"{count} {outcome}" for outcome, count in ordered)


def line(row: Row) -> str:
    found = row.findings
    others = [
        f"{len(values)} {name}"
        for name, values in (
            ("images without recipe", found.without_recipe),
            ("recipes without image", found.without_image),
            ("not indexed", found.not_indexed),
            ("temporary files", found.temporary),
            ("jobs told differently", found.jobs_differ),
            ("exports unlike their bucket", found.bucket_differs),
        )
        if values
    ]
    cells = (
        row.fault,
        len(row.ends),
        row.counts(),
        len(found.lost),
        len(found.twice),
        len(found.kept),
        ", ".join([*others, *row.seen]) or "none",
        f"{row.recovery_s:.1f}",
        f"{row.not_ready_s:.1f}",
        f"{max(end.ended_s - end.began_s for end in row.ends):.1f}",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(rows: Sequence[Row]) -> str:
    return "\n".join([HEAD, *map(line, rows)])

"""`inferloop validate --dataset`: the verdicts on a dataset as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inferloop_synthdata.answers import DatasetVerdict, ValidatorSummary


def dataset_table(verdict: DatasetVerdict, checks: Sequence[str]) -> Iterator[str]:
    """Counts of each check in `checks` ("quality", "privacy"), why images failed, and which."""
    yield f"{verdict['dataset_dir']}  {verdict['image_count']} images"
    yield _row("check", "passed", "failed", "errors", "mean score")
    for check in checks:
        found = summary(verdict, check)
        mean = found["mean_score"]
        counts = found["passed"], found["failed"], found["errors"]
        yield _row(check, *map(str, counts), "-" if mean is None else f"{mean:g}")
    for check in checks:
        for reason, count in summary(verdict, check).get("reasons", {}).items():
            yield f"{check} failed for {reason}: {count}"
    for failure in verdict["failures"]:
        yield f"{failure['image_path']}  {failure['reason']}"
    if verdict.get("skipped_count"):
        yield f"skipped, no images: {verdict['skipped_count']}"


def dataset_passed(verdict: DatasetVerdict, checks: Sequence[str]) -> bool:
    """Whether every image was judged and passed every check in `checks`."""
    found = [summary(verdict, check) for check in checks]
    return not any(each["failed"] or each["errors"] for each in found)


def summary(verdict: DatasetVerdict, check: str) -> ValidatorSummary:
    """Of one check."""
    return verdict["quality"] if check == "quality" else verdict["privacy"]


def _row(name: str, *cells: str) -> str:
    return f"{name:<8}" + "".join(f"{cell:>11}" for cell in cells)

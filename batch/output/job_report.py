"""Make a job's `report.html`, in the format of the reports on datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batch.output.records import Fingerprint
from batch.output.totals import Totals
from batch.planning.plan import Plan
from engines.evidence.near_duplicates import near_duplicates
from engines.types import Comparison
from engines.types.datasets.reports import (
    DatasetReport,
    JobFacts,
    NearDuplicates,
    ProfileComparison,
    Thumbnail,
)


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """The content of the report in addition to the sums over the shards."""

    plan: Plan
    elapsed_s: float
    """Duration of this submission, seconds."""
    rows_now: int
    """Number of rows that this submission processed; earlier ones processed the others."""
    near_duplicates: NearDuplicates
    comparison: Comparison | None = None


def job_report(totals: Totals, facts: ReportFacts) -> DatasetReport:
    """The report on the finished shards. Its time is the plan's, so that another submission of a
    finished job writes the same report."""
    return DatasetReport(
        name=facts.plan.name,
        made_at=facts.plan.created_at,
        images=totals.written,
        size_bytes=totals.size_bytes,
        histograms=totals.histograms,
        reasons=dict(totals.reasons),
        sheet=tuple(_thumbnails(totals)),
        near_duplicates=facts.near_duplicates,
        comparison=_comparison(facts.comparison),
        job=JobFacts(
            planned_at=facts.plan.created_at,
            shards=facts.plan.shards,
            rows=totals.rows,
            **totals.counts(),
            attempts=totals.attempts,
            elapsed_s=facts.elapsed_s,
            rows_now=facts.rows_now,
        ),
    )


def of_fingerprints(found: Sequence[Fingerprint]) -> NearDuplicates:
    """Near-duplicates by perceptual hash. Compares all pairs: about a second for 20,000 images."""
    hashes = [(int(each.hash, 16), int(each.mirror, 16)) for each in found]
    return near_duplicates([f.row_id for f in found], [f.score for f in found], hashes)


def _comparison(found: Comparison | None) -> ProfileComparison | None:
    if found is None:
        return None
    return ProfileComparison(
        profile=found.right, conformance=found.conformance, distances=dict(found.distances)
    )


def _thumbnails(totals: Totals) -> list[Thumbnail]:
    return [
        Thumbnail(id=each.row_id, group=group, caption=each.caption, jpeg=each.jpeg)
        for group, sample in totals.thumbnails.items()
        for each in sample.items()
    ]

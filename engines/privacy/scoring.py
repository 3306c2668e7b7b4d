"""Computes `privacy_score` and `passed` from the issues, as in the table of docs/privacy.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engines.privacy.severity import METADATA_SEVERITY, NOT_LOOKED_AT, PII_SEVERITY, RANK

if TYPE_CHECKING:
    from engines.privacy.config import ScoreTable, VerdictConfig
    from engines.types import PrivacyIssue

_MOST_REPEATS = 4


def privacy_score(issues: Sequence[PrivacyIssue], table: ScoreTable) -> int:
    """100 minus the points of the issues, at least 0.

    The first issue of a type costs the points of `table`. Each further one costs the share
    `table.repeat` of them; at most four further ones count.
    """
    spent = 0.0
    for kind, count in Counter(issue.type for issue in issues).items():
        spent += _points(kind, table) * (1 + table.repeat * min(count - 1, _MOST_REPEATS))
    return max(0, round(100 - spent))


def has_passed(issues: Sequence[PrivacyIssue], score: int, verdict: VerdictConfig) -> bool:
    """Whether an image passes: all checks could run, every issue has a lower severity than
    `verdict.fail_at`, and `score` is at least `verdict.min_score`."""
    grave = RANK[verdict.fail_at]
    return score >= verdict.min_score and not any(
        RANK[issue.severity] >= grave or issue.type in NOT_LOOKED_AT
        for issue in issues
        if not (verdict.allow_unchecked_frames and issue.type == "frames_not_checked")
    )


def _points(kind: str, table: ScoreTable) -> int:
    if kind in PII_SEVERITY:
        by_severity = {"low": table.pii_low, "medium": table.pii_medium, "high": table.pii_high}
        return by_severity[PII_SEVERITY[kind]]
    if kind in METADATA_SEVERITY:
        by_severity = {
            "low": table.metadata_low,
            "medium": table.metadata_medium,
            "high": table.metadata_high,
        }
        return by_severity[METADATA_SEVERITY[kind]]
    named = {
        "face": table.face,
        "text": table.text,
        "text_unread": table.text_unread,
        "names_not_checked": 0,
        "near_duplicate": table.near_duplicate,
        "face_match": table.face_match,
        "frames_not_checked": table.frames_not_checked,
    }
    return named.get(kind, table.unavailable)

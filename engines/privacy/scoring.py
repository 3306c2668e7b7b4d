"""From issues to `privacy_score` and `passed`: the table of docs/privacy.md."""

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
    """100 minus the points of every issue, 0..100.

    An issue type costs its points once and `table.repeat` of them for each repetition, of which
    at most four count.
    """
    spent = 0.0
    for kind, count in Counter(issue.type for issue in issues).items():
        spent += _points(kind, table) * (1 + table.repeat * min(count - 1, _MOST_REPEATS))
    return max(0, round(100 - spent))


def has_passed(issues: Sequence[PrivacyIssue], score: int, verdict: VerdictConfig) -> bool:
    """No check was missing, nothing as grave as `verdict.fail_at`, and the score suffices."""
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

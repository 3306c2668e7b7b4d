"""Computes `privacy_score` and `passed` from the issues, as in the table of docs/privacy.md, by
settings of the config."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from engines.privacy.severity import METADATA_SEVERITY, NOT_LOOKED_AT, PII_SEVERITY, RANK, Severity
from engines.types.frozen import FrozenModel

if TYPE_CHECKING:
    from engines.types import PrivacyIssue

_MOST_REPEATS = 4
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class ScoreTable(FrozenModel):
    """Points that an issue takes from a score of 100. Further issues of the same type cost only a
    share of the points (`repeat`)."""

    face: int = Field(default=40, ge=0, description="Points for a face.")
    text: int = Field(default=5, ge=0, description="Points for text without personal data.")
    pii_high: int = Field(
        default=50, ge=0, description="Points for a card, IBAN, identity number or credential."
    )
    pii_medium: int = Field(
        default=30, ge=0, description="Points for an e-mail address, phone number, birth date, ..."
    )
    pii_low: int = Field(default=10, ge=0, description="Points for a link.")
    metadata_high: int = Field(default=40, ge=0, description="Points for a place (GPS).")
    metadata_medium: int = Field(default=20, ge=0, description="Points for the name of a person.")
    metadata_low: int = Field(default=5, ge=0, description="Points for a device's serial number.")
    text_unread: int = Field(default=30, ge=0, description="Points for text that was not read.")
    near_duplicate: int = Field(
        default=60, ge=0, description="Points for a near-copy of a reference image."
    )
    face_match: int = Field(
        default=60, ge=0, description="Points for a face that is in a reference image."
    )
    frames_not_checked: int = Field(
        default=30, ge=0, description="Points for frames or thumbnails that were not checked."
    )
    unavailable: int = Field(default=50, ge=0, description="Points for a check that did not run.")
    repeat: Share = Field(
        default=0.25,
        description="Share of the points that a further issue of the same type costs; at most 4 "
        "further ones count.",
    )


class VerdictConfig(FrozenModel):
    """When an image passes."""

    fail_at: Severity = Field(
        default="medium", description="An issue of this severity or a higher one fails the image."
    )
    min_score: int = Field(default=60, ge=0, le=100, description="Lowest score that passes.")
    allow_unchecked_frames: bool = Field(
        default=False,
        description="Whether an image may pass if some of its frames, pages or thumbnails were not "
        "checked (issue frames_not_checked).",
    )


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

"""The score table and the rule of passing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.privacy.scoring import ScoreTable, VerdictConfig, has_passed, privacy_score
from engines.privacy.severity import SEVERITY
from engines.types import PrivacyIssue

_ISSUES = st.lists(st.sampled_from(sorted(SEVERITY)), max_size=12)


def issues(*kinds: str) -> list[PrivacyIssue]:
    return [PrivacyIssue(kind, SEVERITY[kind], kind, "test") for kind in kinds]


def test_nothing_found_is_a_hundred() -> None:
    assert privacy_score([], ScoreTable()) == 100
    assert has_passed([], 100, VerdictConfig())


@pytest.mark.parametrize(
    ("kinds", "score"),
    [
        (("text",), 95),
        (("url",), 90),
        (("face",), 60),
        (("face", "face"), 50),
        (("face",) * 5, 20),
        (("face",) * 50, 20),
        (("email",), 70),
        (("iban",), 50),
        (("gps_location",), 60),
        (("device_serial",), 95),
        (("near_duplicate",), 40),
        (("face_check_unavailable",), 50),
        (("face", "near_duplicate", "email"), 0),
    ],
)
def test_table(kinds: tuple[str, ...], score: int) -> None:
    assert privacy_score(issues(*kinds), ScoreTable()) == score


@given(_ISSUES, st.sampled_from(sorted(SEVERITY)))
def test_one_more_finding_never_raises_the_score(kinds: list[str], more: str) -> None:
    before = privacy_score(issues(*kinds), ScoreTable())
    after = privacy_score(issues(*kinds, more), ScoreTable())
    assert 0 <= after <= before <= 100


@pytest.mark.parametrize(
    ("kind", "fail_at", "passed"),
    [
        ("text", "medium", True),
        ("text", "low", False),
        ("email", "medium", False),
        ("email", "high", True),
        ("face", "high", False),
    ],
)
def test_passes_below_the_severity_that_fails(kind: str, fail_at: str, passed: bool) -> None:
    verdict = VerdictConfig.model_validate({"fail_at": fail_at})
    assert has_passed(issues(kind), 90, verdict) is passed


def test_low_score_fails_by_itself() -> None:
    assert not has_passed(issues("text"), 59, VerdictConfig(min_score=60))
    assert has_passed(issues("text"), 60, VerdictConfig(min_score=60))


def test_a_check_that_did_not_run_never_passes() -> None:
    for kind in SEVERITY:
        if kind.endswith("_unavailable"):
            assert not has_passed(issues(kind), 100, VerdictConfig(fail_at="high", min_score=0))


def test_documentation_has_every_issue_type() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "privacy.md"
    named = set(re.findall(r"`([a-z_]+)`", page.read_text()))
    assert set(SEVERITY) <= named

"""Which image passes: every type of issue against every rule, and what no rule may do."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.privacy.scoring import ScoreTable, VerdictConfig, has_passed, privacy_score
from engines.privacy.severity import NOT_LOOKED_AT, PERSONAL, RANK, SEVERITY, Severity
from engines.types import PrivacyIssue

DEFAULT_PASSES = frozenset({"text", "url", "device_serial", "names_not_checked"})
_KINDS = sorted(SEVERITY)
_ISSUES = st.lists(st.sampled_from(_KINDS), max_size=10)


def issue(kind: str) -> PrivacyIssue:
    return PrivacyIssue(kind, SEVERITY[kind], kind, "test")


def judged(kinds: list[str], verdict: VerdictConfig, table: ScoreTable | None = None) -> bool:
    issues = [issue(kind) for kind in kinds]
    return has_passed(issues, privacy_score(issues, table or ScoreTable()), verdict)


@pytest.mark.parametrize("kind", _KINDS)
def test_one_issue_under_the_default_rule(kind: str) -> None:
    assert judged([kind], VerdictConfig()) == (kind in DEFAULT_PASSES)


@pytest.mark.parametrize("fail_at", ["low", "medium", "high"])
@pytest.mark.parametrize("kind", _KINDS)
def test_severity_decides_where_the_score_suffices(kind: str, fail_at: Severity) -> None:
    lenient = VerdictConfig(fail_at=fail_at, min_score=0)
    expected = RANK[SEVERITY[kind]] < RANK[fail_at] and kind not in NOT_LOOKED_AT
    assert judged([kind], lenient) == expected


@pytest.mark.parametrize("missing", [kind for kind in _KINDS if kind.endswith("_unavailable")])
def test_nothing_outweighs_a_check_that_was_not_made(missing: str) -> None:
    for others in combinations(sorted(DEFAULT_PASSES), 2):
        assert not judged([missing, *others], VerdictConfig(fail_at="high", min_score=0))
    free = ScoreTable(unavailable=0)
    assert not judged([missing], VerdictConfig(fail_at="high", min_score=0), free)


@given(_ISSUES, st.sampled_from(_KINDS), st.sampled_from(["low", "medium", "high"]))
def test_one_more_finding_never_lets_an_image_pass(
    kinds: list[str], more: str, fail_at: Severity
) -> None:
    verdict = VerdictConfig(fail_at=fail_at)
    assert judged(kinds, verdict) or not judged([*kinds, more], verdict)


@given(_ISSUES)
def test_the_order_of_findings_says_nothing(kinds: list[str]) -> None:
    issues, turned = [issue(kind) for kind in kinds], [issue(kind) for kind in reversed(kinds)]
    assert privacy_score(issues, ScoreTable()) == privacy_score(turned, ScoreTable())


@given(_ISSUES, st.integers(0, 100), st.integers(0, 100))
def test_a_stricter_rule_passes_no_more(kinds: list[str], one: int, other: int) -> None:
    loose, strict = sorted((one, other))
    if judged(kinds, VerdictConfig(min_score=strict)):
        assert judged(kinds, VerdictConfig(min_score=loose))


@pytest.mark.parametrize("kind", _KINDS)
def test_a_table_of_zeros_takes_nothing(kind: str) -> None:
    zeros = ScoreTable.model_validate(dict.fromkeys(ScoreTable.model_fields, 0))
    assert privacy_score([issue(kind)] * 7, zeros) == 100


@pytest.mark.parametrize("kind", _KINDS)
def test_repeats_cost_a_quarter_up_to_four(kind: str) -> None:
    table = ScoreTable()
    once = 100 - privacy_score([issue(kind)], table)
    for count in range(1, 8):
        expected = once * (1 + 0.25 * min(count - 1, 4))
        assert privacy_score([issue(kind)] * count, table) == max(0, round(100 - expected))


def test_what_says_something_of_a_person_is_personal() -> None:
    assert {"email", "gps_location", "owner_name", "device_serial"} <= PERSONAL
    assert not PERSONAL & {"face", "text", "near_duplicate", "face_match"}

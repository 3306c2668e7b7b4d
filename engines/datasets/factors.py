"""The reasons why an image failed, from its verdicts, for reports and lists of images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engines.types.datasets.reports import Factor

if TYPE_CHECKING:
    from engines.datasets.sidecars.verdict import Verdict
    from engines.errors import JsonValue

_BOX_NUMBERS = 4


def failing_factors(quality: Verdict | None, privacy: Verdict | None) -> tuple[Factor, ...]:
    """The weakest factor of a failed quality verdict, then the findings of a failed privacy
    verdict."""
    factors: list[Factor] = []
    if quality is not None and not quality.passed:
        factors.append(_quality_factor(quality))
    if privacy is not None and not privacy.passed:
        factors += _privacy_factors(privacy)
    return tuple(factors)


def _quality_factor(verdict: Verdict) -> Factor:
    """The weakest factor, if the validator names it."""
    weakest = verdict.findings.get("weakest")
    if not isinstance(weakest, dict):
        words = f"quality score {verdict.score:.2f}"
        return Factor(check="quality", code="low_quality", message=words, value=verdict.score)
    return Factor(
        check="quality",
        code=str(weakest.get("factor", "low_quality")),
        message=str(weakest.get("advice", "")),
        value=_number(weakest.get("value")),
        threshold=_number(weakest.get("threshold")),
    )


def _privacy_factors(verdict: Verdict) -> Iterator[Factor]:
    issues = verdict.findings.get("issues")
    found = [each for each in issues if isinstance(each, dict)] if isinstance(issues, list) else []
    for issue in found:
        yield Factor(
            check="privacy",
            code=str(issue.get("type", "finding")),
            message=str(issue.get("message", "")),
            value=_number(issue.get("confidence")),
            box=_box(issue.get("box")),
        )
    if not found:
        words = f"privacy score {verdict.score:g}"
        yield Factor(check="privacy", code="low_privacy", message=words, value=verdict.score)


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _box(value: JsonValue) -> tuple[int, int, int, int] | None:
    if not isinstance(value, list) or len(value) != _BOX_NUMBERS:
        return None
    numbers = [int(each) for each in value if isinstance(each, int | float)]
    if len(numbers) != _BOX_NUMBERS:
        return None
    return numbers[0], numbers[1], numbers[2], numbers[3]

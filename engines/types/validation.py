"""Verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Weakness:
    """The factor of the quality score that is least (docs/metrics.md)."""

    factor: str
    value: float
    """0..1, by the formula, whose score is the product of all factors, scaled."""
    threshold: float
    """What it would have to be for the image to pass with all others as they are, 0..1; 1 where
    it cannot make up for the others; an estimate where the learned head had a say."""
    advice: str
    """One plain sentence."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Verdict on one image. `metrics` holds what was asked for, in the contract's names."""

    key: str
    quality_score: float
    """0..1."""
    metrics: Mapping[str, float]
    passed: bool
    validator_version: str
    """Version and thresholds that judged, for example "quality/9 with head auto:photo>=0.50"."""
    weakest: Weakness | None = None
    """What fails it; None for one that passed."""


@dataclass(frozen=True, slots=True)
class PrivacyIssue:
    """One finding. `text` is masked: the finding itself never leaks what was found."""

    type: str
    severity: Literal["low", "medium", "high"]
    message: str
    detector: str
    box: tuple[int, int, int, int] | None = None
    """x, y, width, height in pixels of the upright (EXIF-rotated) image."""
    confidence: float | None = None
    """0..1."""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PrivacyReport:
    """Verdict on one image. A check that could not run is an issue and `passed` is False."""

    key: str
    privacy_score: int
    """0..100, 100 is best; the table is in docs/privacy.md."""
    faces_detected: int | None
    """None where faces were not checked."""
    text_detected: bool | None
    """None where text was not checked."""
    pii_detected: bool
    issues: tuple[PrivacyIssue, ...]
    passed: bool
    validator_version: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was said of one image; None where nobody asked."""

    quality: QualityReport | None = None
    privacy: PrivacyReport | None = None
    conformance: float | None = None
    """With the profile that was required, 0..100."""

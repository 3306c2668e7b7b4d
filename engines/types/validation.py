"""Types of validation: quality and privacy verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Weakness:
    """The lowest factor of a quality score (docs/metrics.md)."""

    factor: str
    value: float
    """0..1."""
    threshold: float
    """Value of this factor, 0..1, at which the image would pass if the other factors stay the same;
    1 if it would not pass even then. An estimate if the learned head contributed to the score."""
    advice: str
    """One sentence for the user."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The quality verdict on one image. `metrics`: the requested metrics, by their API names."""

    key: str
    quality_score: float
    """0..1."""
    metrics: Mapping[str, float]
    passed: bool
    validator_version: str
    """Version and thresholds of the validator, such as "quality/15 with head auto:photo>=0.50"."""
    weakest: Weakness | None = None
    """The lowest factor of an image that failed; None if it passed."""


@dataclass(frozen=True, slots=True)
class PrivacyIssue:
    """One privacy finding. `text` is masked, so that it does not reveal the found data."""

    type: str
    severity: Literal["low", "medium", "high"]
    message: str
    detector: str
    box: tuple[int, int, int, int] | None = None
    """x, y, width, height in pixels of the upright image (after EXIF rotation)."""
    confidence: float | None = None
    """0..1."""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PrivacyReport:
    """The privacy verdict on one image. If a check could not run, there is an issue about it, and
    `passed` is False."""

    key: str
    privacy_score: int
    """0..100, 100 is best (docs/privacy.md)."""
    faces_detected: int | None
    """None if faces were not checked."""
    text_detected: bool | None
    """None if text was not checked."""
    pii_detected: bool
    issues: tuple[PrivacyIssue, ...]
    passed: bool
    validator_version: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The verdicts on one image; None for checks that were not requested."""

    quality: QualityReport | None = None
    privacy: PrivacyReport | None = None
    conformance: float | None = None
    """Similarity to the required profile, 0..100."""

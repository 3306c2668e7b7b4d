"""Check one image: quality, privacy, perceptual hash and a thumbnail. Does not use Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2

from batch.output.outcomes import Judgment, Reason
from engines.images import ImageLimits, decode, encode_jpeg
from engines.metrics.phash import phash64_with_mirror
from engines.profiles.measures import measure
from engines.types import PrivacyReport, QualityReport

if TYPE_CHECKING:
    from engines.types import Pixels

THUMBNAIL_PX = 96

JudgeQuality = Callable[[bytes, str], QualityReport]
JudgePrivacy = Callable[[bytes, str], PrivacyReport]


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks images. A check that is None is switched off."""

    quality: JudgeQuality | None
    privacy: JudgePrivacy | None
    limits: ImageLimits = field(default_factory=ImageLimits)
    profiled: bool = False
    """Whether to measure the image for the comparison with a profile."""

    def check(self, content: bytes, row_id: str) -> Judgment:
        """Check the PNG `content`. Blocks for a fraction of a second of CPU. Raises the validators'
        errors."""
        pixels = decode(content, self.limits).pixels
        quality = self.quality(content, row_id) if self.quality else None
        privacy = self.privacy(content, row_id) if self.privacy else None
        reports = [report for report in (quality, privacy) if report is not None]
        return Judgment(
            passed=all(report.passed for report in reports),
            reasons=(*_quality_reasons(quality), *_privacy_reasons(privacy)),
            metrics=_metrics(quality, privacy),
            reports=reports,
            hashes=phash64_with_mirror(pixels),
            thumbnail=make_thumbnail(pixels),
            measures=measure(pixels) if self.profiled else None,
        )


def make_thumbnail(pixels: Pixels) -> bytes:
    """A JPEG of RGB pixels, uint8 (height, width, 3), with a longer side of at most 96 pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, THUMBNAIL_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return encode_jpeg(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _quality_reasons(report: QualityReport | None) -> Iterator[Reason]:
    if report is not None and not report.passed:
        message = f"quality score {report.quality_score:.2f} ({report.validator_version})"
        if (weak := report.weakest) is not None:
            message += f": {weak.factor} {weak.value:.2f} of {weak.threshold:.2f}. {weak.advice}"
        yield Reason("low_quality", message)


def _privacy_reasons(report: PrivacyReport | None) -> Iterator[Reason]:
    if report is None or report.passed:
        return
    seen = set()
    for issue in report.issues:
        if issue.type not in seen:
            seen.add(issue.type)
            yield Reason(issue.type, issue.message)
    if not seen:
        yield Reason("low_privacy", f"privacy score {report.privacy_score}")


def _metrics(quality: QualityReport | None, privacy: PrivacyReport | None) -> dict[str, float]:
    found: dict[str, float] = {}
    if quality is not None:
        found |= {name: float(value) for name, value in quality.metrics.items()}
        found["quality_score"] = float(quality.quality_score)
    if privacy is not None:
        found["privacy_score"] = float(privacy.privacy_score)
    return found

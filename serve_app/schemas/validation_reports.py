"""Convert verdicts to answers of the API."""

from __future__ import annotations

from dataclasses import asdict

from engines.types import PrivacyReport, QualityReport
from serve_app.paths import PathCodec
from serve_app.schemas.validation import (
    PrivacyIssueOut,
    PrivacyResponse,
    QualityResponse,
    WeaknessOut,
)


def quality_response(report: QualityReport, paths: PathCodec) -> QualityResponse:
    """The answer for a quality report."""
    return QualityResponse(
        image_path=paths.to_wire(report.key),
        quality_score=report.quality_score,
        metrics=dict(report.metrics),
        passed=report.passed,
        weakest=None if report.weakest is None else WeaknessOut(**asdict(report.weakest)),
    )


def privacy_response(report: PrivacyReport, paths: PathCodec) -> PrivacyResponse:
    """The answer for a privacy report."""
    return PrivacyResponse(
        image_path=paths.to_wire(report.key),
        privacy_score=report.privacy_score,
        faces_detected=report.faces_detected,
        text_detected=report.text_detected,
        pii_detected=report.pii_detected,
        issues=[
            PrivacyIssueOut(
                type=issue.type,
                severity=issue.severity,
                message=issue.message,
                detector=issue.detector,
                box=issue.box,
                confidence=issue.confidence,
                text=issue.text,
            )
            for issue in report.issues
        ],
        passed=report.passed,
    )

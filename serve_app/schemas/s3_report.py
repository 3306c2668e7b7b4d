"""The S3 report on the wire: some keys are there only when they say something."""

from __future__ import annotations

from engines.types import S3ExportReport
from serve_app.schemas.export import ExportFailureOut, S3ExportResponse


def s3_response(report: S3ExportReport) -> S3ExportResponse:
    """`failures` only if something failed, `skipped_count` only if something was skipped."""
    failures = [ExportFailureOut(key=each.key, reason=each.reason) for each in report.failures]
    return S3ExportResponse(
        status=report.status,
        uploaded_count=report.uploaded_count,
        failed_count=report.failed_count,
        total_size_bytes=report.total_size_bytes,
        bucket_name=report.bucket_name,
        s3_prefix=report.s3_prefix,
        manifest_url=report.manifest_url,
        failures=failures if report.failed_count else None,
        skipped_count=report.skipped_count or None,
    )

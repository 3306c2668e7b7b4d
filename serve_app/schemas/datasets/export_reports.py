"""Convert export reports to answers of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from engines.types import ExportReport, S3ExportReport
from serve_app.schemas.datasets.export import (
    ExportFailureOut,
    FileExportResponse,
    S3ExportResponse,
    SkippedFileOut,
    WebDatasetExportResponse,
)

ToWire = Callable[[str], str]
"""Converts a storage key to a path of the API."""


class _LeftOut(TypedDict):
    skipped_count: int | None
    skipped: list[SkippedFileOut] | None
    filtered: dict[str, int] | None


def file_response(report: ExportReport, to_wire: ToWire) -> FileExportResponse:
    """The answer for an export to one file."""
    files = {split: to_wire(key) for split, key in report.split_keys.items()}
    return FileExportResponse(
        status=report.status,
        exported_count=report.exported_count,
        output_file=to_wire(report.output_key),
        file_size_bytes=report.file_size_bytes,
        output_files=files or None,
        **_left_out(report),
    )


def webdataset_response(report: ExportReport, to_wire: ToWire) -> WebDatasetExportResponse:
    """The answer for an export to WebDataset shards."""
    return WebDatasetExportResponse(
        status=report.status,
        exported_count=report.exported_count,
        output_dir=to_wire(report.output_key),
        file_size_bytes=report.file_size_bytes,
        **_left_out(report),
    )


def s3_response(report: S3ExportReport) -> S3ExportResponse:
    """The answer for an export to a bucket."""
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
        filtered=dict(report.filtered) or None,
    )


def _left_out(report: ExportReport) -> _LeftOut:
    skipped = [SkippedFileOut(name=each.name, reason=each.reason) for each in report.skipped]
    return {
        "skipped_count": report.skipped_count or None,
        "skipped": skipped or None,
        "filtered": dict(report.filtered) or None,
    }

"""Answers to exports, and the filter of exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from inferloop_synthdata.answers.answer import Answer


class ExportFilter(TypedDict, total=False):
    """Which images an export includes. An image must meet all given criteria."""

    quality_passed: bool
    privacy_passed: bool
    min_quality_score: float
    since: str
    """Only images made at or after this time, ISO 8601 with a time zone."""
    labels: Mapping[str, Sequence[str]]
    """Label to its accepted values."""
    decision: Literal["accepted", "not_rejected"]
    """Decision of reviewers."""
    min_rating: int
    """Lowest rating, 1..5."""


class SkippedFile(Answer):
    """A file of the dataset that an export left out."""

    name: str
    """Path relative to the dataset."""
    reason: str


class _FileExport(Answer):
    status: Literal["success", "partial", "failed"]
    """partial: files were skipped. failed: no image is in the export."""
    exported_count: int
    skipped_count: int | None
    """Number of files that are not readable images; None if there are none."""
    skipped: list[SkippedFile] | None
    """The first 100 of these files."""
    filtered: dict[str, int] | None
    """Criterion to the number of images that it left out; None if there are none."""


class ExportReport(_FileExport):
    """The file that an export wrote."""

    output_file: str
    file_size_bytes: int
    output_files: dict[str, str] | None
    """With splits: split to its file; download these. There is no file at `output_file`."""


class ShardedExportReport(_FileExport):
    """The folder of shards that an export wrote."""

    output_dir: str
    file_size_bytes: int
    """Size of all shards together."""


class ExportFailure(Answer):
    """An image that could not be uploaded."""

    key: str
    reason: str


class S3ExportReport(Answer):
    """The result of an export to a bucket."""

    status: Literal["success", "partial", "failed"]
    uploaded_count: int
    failed_count: int
    total_size_bytes: int
    bucket_name: str
    s3_prefix: str
    manifest_url: str | None
    failures: list[ExportFailure] | None
    """None if `failed_count` is 0."""
    skipped_count: int | None
    """How many of the uploaded images the bucket already had, with the same checksum."""
    filtered: dict[str, int] | None
    """Criterion to the number of images that it left out; None if there are none."""

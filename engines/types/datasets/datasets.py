"""Types of datasets: listings, uploads, exports and signed data sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from engines.types.buckets import check_bucket, check_folder

if TYPE_CHECKING:
    from engines.faults import JsonValue

SplitBy = Literal["id", "cluster"]
ExportFormat = Literal["jsonl", "parquet", "webdataset", "csv", "coco", "imagefolder"]


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Which images an export includes; by default all."""

    quality_passed: bool = False
    """Only images with a passed quality verdict."""
    privacy_passed: bool = False
    min_quality_score: float | None = None
    since: datetime | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label to the values to include: {"animal": ("fox", "cat")}."""
    decision: Literal["accepted", "not_rejected"] | None = None
    """By the reviewers' decision (`PATCH /images`)."""
    min_rating: int | None = None
    """1..5; images without a rating are not included."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Export a dataset to one file or, as WebDataset, to a folder of shards.

    `imagefolder` is a ZIP file with a folder for each class; `coco` is a JSON file of annotations,
    which refers to the images.
    """

    format: ExportFormat
    dataset_key: str
    """Folder below `generated/`, without a slash at the end."""
    output_key: str
    """Key below `exports/`; replaced atomically. With splits, JSONL and Parquet have a file per
    split, `<stem>-<split><suffix>`."""
    include_metadata: bool = True
    include_annotations: bool = True
    filter: ExportFilter = field(default_factory=ExportFilter)
    splits: Mapping[str, float] | None = None
    """Split to its share of the images: {"train": 0.8, "validation": 0.1, "test": 0.1}. The hash of
    an image's id decides its split."""
    split_by: SplitBy = "id"
    """"cluster": near-duplicates of each other are in the same split, by the hash of the id of one
    of them."""
    class_label: str | None = None
    """The label that is used as the class in formats with one class per image (WebDataset's `.cls`,
    the folders of `imagefolder`). None: "label" or "class", else the first label by name."""


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """`done` of `total` images are processed, whether exported or left out. `done` increases during
    an export; `total` is the number of images before any filter."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """An image that could not be exported to S3."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file of the dataset that an export left out."""

    name: str
    """Path relative to the dataset."""
    reason: str


SKIPPED_NAMED = 100
"""Largest number of skipped files that a report names."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The result of an export to a file or a folder."""

    exported_count: int
    output_key: str
    file_size_bytes: int
    split_keys: Mapping[str, str] = field(default_factory=dict)
    """For JSONL and Parquet with splits: split to its file. `output_key` itself is not written."""
    skipped_count: int = 0
    """Number of files left out: damaged, not an image, too large, or deleted meanwhile."""
    skipped: tuple[SkippedFile, ...] = ()
    """The first `SKIPPED_NAMED` of these files."""
    filtered: Mapping[str, int] = field(default_factory=dict)
    """Number of images that the filter excluded, by the first criterion that each does not meet:
    "quality", "privacy", "min_quality_score", "since", "labels", "decision", "min_rating". An image
    without a verdict does not meet criteria of verdicts."""

    @property
    def status(self) -> Literal["success", "partial", "failed"]:
        """ "failed": the export has no image. "partial": files were skipped."""
        if not self.exported_count:
            return "failed"
        return "partial" if self.skipped_count else "success"


@dataclass(frozen=True, slots=True)
class S3ExportRequest:
    """Export a dataset to a bucket: images, sidecars, a dataset card, and last the manifest.

    Raises:
        InvalidParameters: `bucket_name` or `s3_prefix` is not valid (`engines.types.buckets`).
    """

    dataset_key: str
    bucket_name: str
    s3_prefix: str
    """Folder in the bucket; one slash at each end is removed."""
    include_metadata: bool = True
    public_read: bool = False
    filter: ExportFilter = field(default_factory=ExportFilter)
    server_side_encryption: str | None = None
    storage_class: str | None = None

    def __post_init__(self) -> None:
        check_bucket(self.bucket_name)
        object.__setattr__(self, "s3_prefix", check_folder(self.s3_prefix))


@dataclass(frozen=True, slots=True)
class S3ExportReport:
    """The result of an export to a bucket."""

    status: Literal["success", "partial", "failed"]
    uploaded_count: int
    """Number of images that are in the bucket now, including those that were there before."""
    failed_count: int
    total_size_bytes: int
    bucket_name: str
    s3_prefix: str
    manifest_url: str | None
    """None if the manifest could not be written."""
    failures: tuple[ExportFailure, ...] = ()
    skipped_count: int = 0
    """How many of `uploaded_count` were there before, with the same checksum."""
    filtered: Mapping[str, int] = field(default_factory=dict)
    """See `ExportReport.filtered`."""


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset in a list."""

    name: str
    image_count: int
    size_bytes: int
    updated_at: datetime | None
    verdicts: Mapping[str, int] = field(default_factory=dict)
    """Numbers of images: quality_passed, quality_failed, privacy_passed, privacy_failed."""
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Label to value to number of images, without labels of more than 1000 values."""


@dataclass(frozen=True, slots=True)
class SignedSheet:
    """A signed data sheet that was written."""

    key: str
    """Storage key of the sheet."""
    file_count: int
    size_bytes: int
    digest: str
    """SHA-256, hex, of the lines "<sha256>  <path>\\n" of all files, ordered by path."""
    summary: Mapping[str, JsonValue]
    """The sheet's `summary` line (`engines.provenance.sheet`)."""
    is_development: bool
    """Whether it was signed with a development key."""


@dataclass(frozen=True, slots=True)
class DatasetUpload:
    """The dataset of an uploaded image, and the uploader's description of the image."""

    dataset: str
    """Name of the dataset."""
    prompt: str | None = None
    """A caption for training; None: no caption."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Label to value."""

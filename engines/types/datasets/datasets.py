"""Datasets: uploads into them, their exports, their signed sheets."""

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
    """Which records an export takes; the default takes all."""

    quality_passed: bool = False
    """Only images whose quality verdict is there and passed."""
    privacy_passed: bool = False
    min_quality_score: float | None = None
    since: datetime | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label to the values that are taken: {"animal": ("fox", "cat")}."""
    decision: Literal["accepted", "not_rejected"] | None = None
    """What people decided (`PATCH /images`)."""
    min_rating: int | None = None
    """1..5; an image without a rating is not taken."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A dataset to one file or, as WebDataset, to one folder of shards. `imagefolder` is a ZIP file
    with a folder for each class, `coco` a JSON file of annotations that refers to the images."""

    format: ExportFormat
    dataset_key: str
    """Folder under `generated/`, without a slash at the end."""
    output_key: str
    """Under `exports/`; replaced atomically. With splits JSONL and Parquet have a file for each,
    `<stem>-<split><suffix>`."""
    include_metadata: bool = True
    include_annotations: bool = True
    filter: ExportFilter = field(default_factory=ExportFilter)
    splits: Mapping[str, float] | None = None
    """Name to share, by hash of the id: {"train": 0.8, "validation": 0.1, "test": 0.1}."""
    split_by: SplitBy = "id"
    """cluster: near-duplicates of each other fall into the same split, by the hash of one's id."""
    class_label: str | None = None
    """The label that becomes the class where a format takes one alone (WebDataset's `.cls`, the
    folders of an image folder); None: "label" or "class", else the first by name."""


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """`done` of `total` images are done with, in the export or left out; `total` counts them before
    any filter. Increasing within an export."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """An image that did not get into an export to S3."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file of the dataset that an export leaves out."""

    name: str
    """Relative to the dataset."""
    reason: str


SKIPPED_NAMED = 100
"""Skipped files that a report names; all are counted."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export to a file or a folder wrote."""

    exported_count: int
    output_key: str
    file_size_bytes: int
    split_keys: Mapping[str, str] = field(default_factory=dict)
    """JSONL and Parquet with splits: split to its file, in place of `output_key`."""
    skipped_count: int = 0
    """Files left out: damaged, not an image, too large, deleted meanwhile."""
    skipped: tuple[SkippedFile, ...] = ()
    """The first `SKIPPED_NAMED` of them."""
    filtered: Mapping[str, int] = field(default_factory=dict)
    """Images that the filter did not take, by its first criterion that they miss: "quality",
    "privacy", "min_quality_score", "since", "labels", "decision", "min_rating". One that was not
    judged did not pass."""

    @property
    def status(self) -> Literal["success", "partial", "failed"]:
        """failed: no image is in the export. partial: files were skipped."""
        if not self.exported_count:
            return "failed"
        return "partial" if self.skipped_count else "success"


@dataclass(frozen=True, slots=True)
class S3ExportRequest:
    """A dataset to a bucket: images, sidecars, a card, and the manifest last.

    Raises:
        InvalidParameters: `bucket_name` or `s3_prefix` is none (see `engines.types.buckets`).
    """

    dataset_key: str
    bucket_name: str
    s3_prefix: str
    """Folder in the bucket; one slash at either end is dropped."""
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
    """What an export to a bucket wrote."""

    status: Literal["success", "partial", "failed"]
    uploaded_count: int
    """Images that are in the bucket now, already uploaded ones included."""
    failed_count: int
    total_size_bytes: int
    bucket_name: str
    s3_prefix: str
    manifest_url: str | None
    """None where not even the manifest could be written."""
    failures: tuple[ExportFailure, ...] = ()
    skipped_count: int = 0
    """Of the uploaded: were there before with the same checksum."""
    filtered: Mapping[str, int] = field(default_factory=dict)
    """As in `ExportReport`."""


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset in a listing."""

    name: str
    image_count: int
    size_bytes: int
    updated_at: datetime | None
    verdicts: Mapping[str, int] = field(default_factory=dict)
    """Counts: quality_passed, quality_failed, privacy_passed, privacy_failed."""
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Label to value to images; without labels of too many values to be classes."""


@dataclass(frozen=True, slots=True)
class SignedSheet:
    """A signed data sheet: what it covers, and where it lies."""

    key: str
    """Storage key of the sheet."""
    file_count: int
    size_bytes: int
    digest: str
    """SHA-256, hex, of the lines "<sha256>  <path>\\n" of all files, ordered by path."""
    summary: Mapping[str, JsonValue]
    is_development: bool
    """Whether the key is a development key."""


@dataclass(frozen=True, slots=True)
class DatasetUpload:
    """Where an uploaded image goes, and what its owner says of it."""

    dataset: str
    """Name of the dataset."""
    prompt: str | None = None
    """What the image shows, in words: a caption for training; None: not said."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Name to value, as a request for generation has them."""

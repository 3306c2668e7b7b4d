"""Exports on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, model_validator

from engines.types.datasets.labels import MAX_CLASSES, MAX_LABELS, LabelName, LabelValue
from serve_app.schemas.base import Name, RequestModel, ResponseModel, WirePath, absent
from serve_app.schemas.openapi import examples
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.patterns import BUCKET_PATTERN, S3_PREFIX_PATTERN, STORAGE_CLASS_PATTERN
from serve_app.schemas.webhooks import AsynchronousBody


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


LabelFilter = Annotated[
    dict[
        LabelName,
        Annotated[
            list[LabelValue],
            Field(min_length=1, max_length=MAX_CLASSES),
            BeforeValidator(_listed),
        ],
    ],
    Field(max_length=MAX_LABELS),
]


class FilterBody(RequestModel):
    """Which images an export takes; all if absent."""

    quality_passed: bool = False
    privacy_passed: bool = False
    min_quality_score: Annotated[float, Field(ge=0, le=1)] | None = None
    since: Annotated[AwareDatetime, Field(strict=False)] | None = Field(
        default=None, description="Only images made at or after this time."
    )
    labels: LabelFilter = Field(
        default={},
        description="Only images with these labels: name to the values that are taken (or to one "
        'value), such as {"animal": ["fox", "cat"]}.',
    )

    decision: Literal["accepted", "not_rejected"] | None = Field(
        default=None, description="Only images that people accepted, or did not reject."
    )
    min_rating: Annotated[int, Field(ge=1, le=5)] | None = Field(
        default=None, description="Only images that people rated so, or better."
    )

    def wanted_labels(self) -> dict[str, tuple[str, ...]]:
        """Label to the values that are taken."""
        return {name: tuple(values) for name, values in self.labels.items()}


Splits = Annotated[
    dict[Name, Annotated[float, Field(gt=0, le=1)]],
    Field(min_length=1, max_length=16, description="Name to share; the shares add up to 1."),
]


USUAL_SPLITS = {"train": 0.8, "validation": 0.1, "test": 0.1}


class ExportBody(AsynchronousBody):
    """A dataset to write to files of the data root."""

    dataset_dir: WirePath
    include_metadata: bool = True
    include_annotations: bool = True
    filter: FilterBody = FilterBody()
    splits: Splits | None = None
    class_label: LabelName | None = Field(
        default=None,
        description="The label that becomes the class, where a format takes one alone; left out: "
        '"label" or "class", else the first by name.',
    )
    split_by: Literal["id", "cluster"] = Field(
        default="id",
        description="What decides an image's split. cluster: near-duplicates stay together. "
        '`"splits": {"by": "cluster", "train": 0.9, "test": 0.1}` says the same.',
    )

    @model_validator(mode="before")
    @classmethod
    def _by_is_no_split(cls, given: object) -> object:
        """`by` among the splits, with a word in place of a share; alone it has the usual shares."""
        splits = given.get("splits") if isinstance(given, dict) else None
        if not isinstance(given, dict) or not isinstance(splits, dict):
            return given
        if not isinstance(splits.get("by"), str):
            return given
        shares = {name: share for name, share in splits.items() if name != "by"}
        return {**given, "splits": shares or USUAL_SPLITS, "split_by": splits["by"]}


class FileExportBody(ExportBody):
    """Exports to one file."""

    model_config = ConfigDict(json_schema_extra=shown(examples.EXPORT_JSONL))

    output_file: WirePath


class WebDatasetExportBody(ExportBody):
    """`POST /export/webdataset`: a folder of tar shards."""

    output_dir: WirePath


class S3ExportBody(AsynchronousBody):
    """A dataset to upload to a bucket."""

    model_config = ConfigDict(json_schema_extra=shown(examples.EXPORT_S3))

    dataset_dir: WirePath
    bucket_name: Annotated[str, Field(pattern=BUCKET_PATTERN)]
    s3_prefix: Annotated[str, Field(max_length=900, pattern=S3_PREFIX_PATTERN)] = ""
    include_metadata: bool = True
    public_read: bool = False
    filter: FilterBody = FilterBody()
    server_side_encryption: Literal["AES256", "aws:kms"] | None = None
    storage_class: Annotated[str, Field(pattern=STORAGE_CLASS_PATTERN)] | None = None


class SkippedFileOut(ResponseModel):
    """A file of the dataset that is not in the export."""

    name: str = Field(description="Relative to the dataset.")
    reason: str


FilteredOut = Annotated[
    dict[str, int] | None,
    Field(
        exclude_if=absent,
        description="Images that the filter did not take, by its first criterion that they miss: "
        "quality, privacy, min_quality_score, since, labels, decision, min_rating. One that was "
        "not judged did not pass. There only if it is any.",
    ),
]


class _LeftOut(ResponseModel):
    """What every export to files says of itself."""

    status: Literal["success", "partial", "failed"] = Field(
        default="success",
        description="partial: files were skipped. failed: no image is in the export.",
    )
    exported_count: int
    skipped_count: int | None = Field(
        default=None,
        exclude_if=absent,
        description="Files that are no readable image. There only if it is above 0.",
    )
    skipped: list[SkippedFileOut] | None = Field(
        default=None, exclude_if=absent, description="The first 100 of them."
    )
    filtered: FilteredOut = None


class FileExportResponse(_LeftOut):
    """Which file an export wrote."""

    model_config = ConfigDict(json_schema_extra=shown(examples.EXPORTED_JSONL))

    output_file: str
    file_size_bytes: int = Field(description="With splits, of all files together.")
    output_files: dict[str, str] | None = Field(
        default=None,
        exclude_if=absent,
        description="With splits: split to its file, in place of `output_file`.",
    )


class WebDatasetExportResponse(_LeftOut):
    """Which folder of shards an export wrote."""

    output_dir: str
    file_size_bytes: int = Field(description="Of all shards together.")


class ExportFailureOut(ResponseModel):
    """An image that could not be uploaded."""

    key: str
    reason: str


class S3ExportResponse(ResponseModel):
    """`failures` is there only if `failed_count` > 0, `skipped_count` only if > 0."""

    model_config = ConfigDict(json_schema_extra=shown(examples.EXPORTED_S3))

    status: Literal["success", "partial", "failed"]
    uploaded_count: int
    failed_count: int
    total_size_bytes: int
    bucket_name: str
    s3_prefix: str
    manifest_url: str | None
    failures: list[ExportFailureOut] | None = Field(default=None, exclude_if=absent)
    skipped_count: int | None = Field(
        default=None,
        exclude_if=absent,
        description="Of the uploaded: were there before, with the same checksum.",
    )
    filtered: FilteredOut = None

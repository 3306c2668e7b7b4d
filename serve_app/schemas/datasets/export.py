"""API models of exports."""

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
    """Which images to export; by default all. Images must meet all given criteria."""

    quality_passed: bool = False
    privacy_passed: bool = False
    min_quality_score: Annotated[float, Field(ge=0, le=1)] | None = None
    since: Annotated[AwareDatetime, Field(strict=False)] | None = Field(
        default=None, description="Only images made at or after this time."
    )
    labels: LabelFilter = Field(
        default={},
        description="Only images with these labels: label to its allowed values (or one value), "
        'such as {"animal": ["fox", "cat"]}.',
    )

    decision: Literal["accepted", "not_rejected"] | None = Field(
        default=None, description="Only images that reviewers accepted, or did not reject."
    )
    min_rating: Annotated[int, Field(ge=1, le=5)] | None = Field(
        default=None, description="Only images with at least this rating."
    )

    def wanted_labels(self) -> dict[str, tuple[str, ...]]:
        """Label to its allowed values."""
        return {name: tuple(values) for name, values in self.labels.items()}


Splits = Annotated[
    dict[Name, Annotated[float, Field(gt=0, le=1)]],
    Field(min_length=1, max_length=16, description="Split to its share of the images; sum is 1."),
]


USUAL_SPLITS = {"train": 0.8, "validation": 0.1, "test": 0.1}


class ExportBody(AsynchronousBody):
    """An export to files in the data root."""

    dataset_dir: WirePath
    include_metadata: bool = True
    include_annotations: bool = True
    filter: FilterBody = FilterBody()
    splits: Splits | None = None
    class_label: LabelName | None = Field(
        default=None,
        description="The label that is used as the class, in formats with one class per image. If "
        'left out: "label" or "class", else the first label by name.',
    )
    split_by: Literal["id", "cluster"] = Field(
        default="id",
        description="How an image's split is decided. id: by a hash of its id. cluster: "
        "near-duplicates are in the same split. It can also be given as "
        '`"splits": {"by": "cluster", "train": 0.9, "test": 0.1}`.',
    )

    @model_validator(mode="before")
    @classmethod
    def _by_is_no_split(cls, given: object) -> object:
        """Move `by` from `splits` to `split_by`. If `splits` has only `by`, use `USUAL_SPLITS`."""
        splits = given.get("splits") if isinstance(given, dict) else None
        if not isinstance(given, dict) or not isinstance(splits, dict):
            return given
        if not isinstance(splits.get("by"), str):
            return given
        shares = {name: share for name, share in splits.items() if name != "by"}
        return {**given, "splits": shares or USUAL_SPLITS, "split_by": splits["by"]}


class FileExportBody(ExportBody):
    """An export to one file."""

    model_config = ConfigDict(json_schema_extra=shown(examples.EXPORT_JSONL))

    output_file: WirePath


class WebDatasetExportBody(ExportBody):
    """`POST /export/webdataset`: a folder of tar shards."""

    output_dir: WirePath


class S3ExportBody(AsynchronousBody):
    """An export to an S3 bucket."""

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

    name: str = Field(description="Path relative to the dataset.")
    reason: str


FilteredOut = Annotated[
    dict[str, int] | None,
    Field(
        exclude_if=absent,
        description="Numbers of images that the filter excluded, by the first criterion that they "
        "do not meet: quality, privacy, min_quality_score, since, labels, decision, min_rating. "
        "Images without a verdict do not meet criteria of verdicts. Only there if images were "
        "excluded.",
    ),
]


class _LeftOut(ResponseModel):
    """Fields of the answers of all exports to files."""

    status: Literal["success", "partial", "failed"] = Field(
        default="success",
        description="partial: files were skipped. failed: no image is in the export.",
    )
    exported_count: int
    skipped_count: int | None = Field(
        default=None,
        exclude_if=absent,
        description="Number of files that are not readable images. Only there if above 0.",
    )
    skipped: list[SkippedFileOut] | None = Field(
        default=None, exclude_if=absent, description="The first 100 skipped files."
    )
    filtered: FilteredOut = None


class FileExportResponse(_LeftOut):
    """The result of an export to one file."""

    model_config = ConfigDict(json_schema_extra=shown(examples.EXPORTED_JSONL))

    output_file: str
    file_size_bytes: int = Field(description="Size in bytes; with splits, of all files together.")
    output_files: dict[str, str] | None = Field(
        default=None,
        exclude_if=absent,
        description="With splits: split to its file; download these. There is no file at "
        "`output_file`.",
    )


class WebDatasetExportResponse(_LeftOut):
    """The result of an export to WebDataset shards."""

    output_dir: str
    file_size_bytes: int = Field(description="Size of all shards together, bytes.")


class ExportFailureOut(ResponseModel):
    """An image that could not be uploaded."""

    key: str
    reason: str


class S3ExportResponse(ResponseModel):
    """The result of an export to a bucket. `failures` is only there if `failed_count` is above
    0."""

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
        description="How many of the uploaded images were in the bucket before, with the same "
        "checksum. Only there if above 0.",
    )
    filtered: FilteredOut = None

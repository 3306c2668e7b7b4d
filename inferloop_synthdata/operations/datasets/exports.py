"""Endpoints that export a dataset to files or to a bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, TypedDict, TypeVar, Unpack

from inferloop_synthdata import answers
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import OnProgress, Operation, Reply, read_answer
from inferloop_synthdata.operations.parts import given

T = TypeVar("T")


class ExportOptions(TypedDict, total=False):
    """Optional arguments of the exports to files."""

    include_metadata: Annotated[bool | None, "Whether records have recipes and verdicts (True)."]
    include_annotations: Annotated[
        bool | None, "Whether records have COCO, YOLO and VOC annotations (True)."
    ]
    filter: Annotated[
        answers.ExportFilter | None, 'Which images are exported: {"quality_passed": True}.'
    ]
    splits: Annotated[
        Mapping[str, float] | None, 'Name to share of each split: {"train": 0.9, "test": 0.1}.'
    ]
    split_by: Annotated[
        str | None, '"cluster" keeps near-duplicates in the same split; "id" is the default.'
    ]
    class_label: Annotated[
        str | None, "The label used as the class in formats with one class per image."
    ]


class S3ExportOptions(TypedDict, total=False):
    """Optional arguments of the export to a bucket."""

    include_metadata: Annotated[bool | None, "Whether the recipes are uploaded too (True)."]
    public_read: Annotated[bool | None, "Whether anybody may read the objects (False)."]
    filter: Annotated[
        answers.ExportFilter | None, 'Which images are exported: {"quality_passed": True}.'
    ]
    server_side_encryption: Annotated[str | None, 'Encryption by S3: "AES256" or "aws:kms".']
    storage_class: Annotated[str | None, 'Storage class of S3, for example "STANDARD_IA".']


def _export(
    kind: str, parse: Callable[[Reply], T], body: dict[str, JsonValue], progress: OnProgress | None
) -> Operation[T]:
    # Repeatable, because an export replaces its target as a whole.
    return Operation("POST", f"/export/{kind}", parse, True, body=body, on_progress=progress)


def _to_file(
    kind: str,
    dataset_dir: str,
    output_file: str,
    progress: OnProgress | None,
    options: ExportOptions,
) -> Operation[answers.ExportReport]:
    body = given(dataset_dir=dataset_dir, output_file=output_file, **options)
    return _export(kind, read_answer(answers.ExportReport, "exported_count"), body, progress)


def export_jsonl(
    *,
    dataset_dir: str,
    output_file: str,
    on_progress: OnProgress | None = None,
    **options: Unpack[ExportOptions],
) -> Operation[answers.ExportReport]:
    """Export a dataset's records to one JSONL file under `exports/` (`POST /export/jsonl`).

    `on_progress(done, total)` counts the images that are exported or left out by the filter.
    """
    return _to_file("jsonl", dataset_dir, output_file, on_progress, options)


def export_parquet(
    *,
    dataset_dir: str,
    output_file: str,
    on_progress: OnProgress | None = None,
    **options: Unpack[ExportOptions],
) -> Operation[answers.ExportReport]:
    """Export a dataset to one Parquet file that contains the images (`POST /export/parquet`).

    `on_progress(done, total)` counts the images that are exported or left out by the filter.
    """
    return _to_file("parquet", dataset_dir, output_file, on_progress, options)


def export_csv(
    *,
    dataset_dir: str,
    output_file: str,
    on_progress: OnProgress | None = None,
    **options: Unpack[ExportOptions],
) -> Operation[answers.ExportReport]:
    """Export a dataset's records to one CSV file (`POST /export/csv`).

    `on_progress(done, total)` counts the images that are exported or left out by the filter.
    """
    return _to_file("csv", dataset_dir, output_file, on_progress, options)


def export_coco(
    *,
    dataset_dir: str,
    output_file: str,
    on_progress: OnProgress | None = None,
    **options: Unpack[ExportOptions],
) -> Operation[answers.ExportReport]:
    """Export a dataset's labels and annotations to one COCO file (`POST /export/coco`).

    `on_progress(done, total)` counts the images that are exported or left out by the filter.
    """
    return _to_file("coco", dataset_dir, output_file, on_progress, options)


def export_imagefolder(
    *,
    dataset_dir: str,
    output_file: str,
    on_progress: OnProgress | None = None,
    **options: Unpack[ExportOptions],
) -> Operation[answers.ExportReport]:
    """Export a dataset's images to one ZIP file with a folder for each class
    (`POST /export/imagefolder`).

    `on_progress(done, total)` counts the images that are exported or left out by the filter.
    """
    return _to_file("imagefolder", dataset_dir, output_file, on_progress, options)


def export_webdataset(
    *,
    dataset_dir: str,
    output_dir: str,
    on_progress: OnProgress | None = None,
    **options: Unpack[ExportOptions],
) -> Operation[answers.ShardedExportReport]:
    """Export a dataset to a folder of WebDataset tar shards (`POST /export/webdataset`).

    `on_progress(done, total)` counts the images that are exported or left out by the filter.
    """
    body = given(dataset_dir=dataset_dir, output_dir=output_dir, **options)
    parse = read_answer(answers.ShardedExportReport, "exported_count")
    return _export("webdataset", parse, body, on_progress)


def export_s3(
    *,
    dataset_dir: str,
    bucket_name: str,
    s3_prefix: str = "",
    on_progress: OnProgress | None = None,
    **options: Unpack[S3ExportOptions],
) -> Operation[answers.S3ExportReport]:
    """Upload a dataset to an S3 bucket (`POST /export/s3`). Files that the bucket already has are
    skipped.

    `on_progress(done, total)` counts the images that are in the bucket or left out by the filter.
    """
    body = given(dataset_dir=dataset_dir, bucket_name=bucket_name, s3_prefix=s3_prefix, **options)
    parse = read_answer(answers.S3ExportReport, "status")
    return _export("s3", parse, body, on_progress)

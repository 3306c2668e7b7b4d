"""Endpoints that write a dataset out. An export replaces its target whole: twice is like once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, TypeVar, Unpack

from inferloop_synthdata import answers
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operation import Operation, read_answer
from inferloop_synthdata.operation_parts import given

T = TypeVar("T")


class ExportOptions(TypedDict, total=False):
    include_metadata: bool | None
    include_annotations: bool | None
    filter: answers.ExportFilter | None
    splits: Mapping[str, float] | None
    """Name to share, for example {"train": 0.9, "test": 0.1}."""


class S3ExportOptions(TypedDict, total=False):
    include_metadata: bool | None
    public_read: bool | None
    filter: answers.ExportFilter | None
    server_side_encryption: str | None
    storage_class: str | None


def _export(kind: str, shape: type[T], body: dict[str, JsonValue]) -> Operation[T]:
    # Repeatable: an export replaces its target whole, so twice is like once.
    parse = read_answer(shape, "exported_count")
    return Operation("POST", f"/export/{kind}", parse, True, body=body)


def export_jsonl(
    *, dataset_dir: str, output_file: str, **options: Unpack[ExportOptions]
) -> Operation[answers.ExportReport]:
    """Write a dataset's records to one JSONL file under `exports/` (`POST /export/jsonl`)."""
    body = given(dataset_dir=dataset_dir, output_file=output_file, **options)
    return _export("jsonl", answers.ExportReport, body)


def export_parquet(
    *, dataset_dir: str, output_file: str, **options: Unpack[ExportOptions]
) -> Operation[answers.ExportReport]:
    """Write a dataset, images embedded, to Parquet (`POST /export/parquet`)."""
    body = given(dataset_dir=dataset_dir, output_file=output_file, **options)
    return _export("parquet", answers.ExportReport, body)


def export_webdataset(
    *, dataset_dir: str, output_dir: str, **options: Unpack[ExportOptions]
) -> Operation[answers.ShardedExportReport]:
    """Write a dataset as WebDataset tar shards into a folder (`POST /export/webdataset`)."""
    body = given(dataset_dir=dataset_dir, output_dir=output_dir, **options)
    return _export("webdataset", answers.ShardedExportReport, body)


def export_s3(
    *, dataset_dir: str, bucket_name: str, s3_prefix: str = "", **options: Unpack[S3ExportOptions]
) -> Operation[answers.S3ExportReport]:
    """Upload a dataset to a bucket (`POST /export/s3`). What is there already is skipped."""
    body = given(dataset_dir=dataset_dir, bucket_name=bucket_name, s3_prefix=s3_prefix, **options)
    parse = read_answer(answers.S3ExportReport, "status")
    return Operation("POST", "/export/s3", parse, True, body=body)

"""`POST /export/jsonl`, `/export/parquet`, `/export/webdataset` and `/export/s3`."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request

from engines.types import ExportFilter, ExportReport, ExportRequest, S3ExportRequest
from serve_app.connection import answer_within
from serve_app.context import Context, InContext
from serve_app.paths import DATASET_DIR, OUTPUT_DIR, OUTPUT_FILE, Field
from serve_app.schemas.export import (
    ExportBody,
    FileExportResponse,
    FilterBody,
    S3ExportResponse,
    WebDatasetExportResponse,
)
from serve_app.schemas.s3_report import s3_response

router = APIRouter(tags=["export"])

Format = Literal["jsonl", "parquet", "webdataset"]


@router.post("/export/jsonl")
async def export_jsonl(request: Request, context: InContext) -> FileExportResponse:
    """A dataset's records to one JSONL file."""
    return await _export_file(request, context, "jsonl")


@router.post("/export/parquet")
async def export_parquet(request: Request, context: InContext) -> FileExportResponse:
    """A dataset, images embedded, to Parquet."""
    return await _export_file(request, context, "parquet")


@router.post("/export/webdataset")
async def export_webdataset(request: Request, context: InContext) -> WebDatasetExportResponse:
    """A dataset to a folder of tar shards."""
    body = context.bodies.export_webdataset.parse(await request.body())
    report = await _export(request, context, body, "webdataset", body.output_dir, OUTPUT_DIR)
    return WebDatasetExportResponse(
        exported_count=report.exported_count,
        output_dir=context.paths.to_wire(report.output_key),
        file_size_bytes=report.file_size_bytes,
    )


@router.post("/export/s3", response_model=S3ExportResponse, response_model_exclude_unset=True)
async def export_s3(request: Request, context: InContext) -> S3ExportResponse:
    """A dataset to a bucket: images, sidecars, and the manifest last."""
    body = context.bodies.export_s3.parse(await request.body())
    key = context.paths.to_key(body.dataset_dir, DATASET_DIR)
    order = S3ExportRequest(
        dataset_key=key,
        bucket_name=body.bucket_name,
        s3_prefix=body.s3_prefix.strip("/"),
        include_metadata=body.include_metadata,
        public_read=body.public_read,
        filter=_filter(body.filter),
        server_side_encryption=body.server_side_encryption,
        storage_class=body.storage_class,
    )
    with context.paths.named(body.dataset_dir, key, DATASET_DIR):
        report = await answer_within(
            context.config.deadlines.export_s, request, context.services.exporter.export_s3(order)
        )
    return s3_response(report)


async def _export_file(request: Request, context: Context, fmt: Format) -> FileExportResponse:
    body = context.bodies.export_file.parse(await request.body())
    report = await _export(request, context, body, fmt, body.output_file, OUTPUT_FILE)
    return FileExportResponse(
        exported_count=report.exported_count,
        output_file=context.paths.to_wire(report.output_key),
        file_size_bytes=report.file_size_bytes,
    )


async def _export(
    request: Request, context: Context, body: ExportBody, fmt: Format, output: str, field: Field
) -> ExportReport:
    dataset_key = context.paths.to_key(body.dataset_dir, DATASET_DIR)
    output_key = context.paths.to_key(output, field)
    order = ExportRequest(
        format=fmt,
        dataset_key=dataset_key,
        output_key=output_key,
        include_metadata=body.include_metadata,
        include_annotations=body.include_annotations,
        filter=_filter(body.filter),
        splits=body.splits,
    )
    with (
        context.paths.named(output, output_key, field),
        context.paths.named(body.dataset_dir, dataset_key, DATASET_DIR),
    ):
        return await answer_within(
            context.config.deadlines.export_s, request, context.services.exporter.export(order)
        )


def _filter(body: FilterBody) -> ExportFilter:
    return ExportFilter(
        quality_passed=body.quality_passed,
        privacy_passed=body.privacy_passed,
        min_quality_score=body.min_quality_score,
        since=body.since,
    )

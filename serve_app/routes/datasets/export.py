"""`POST /export/{format}`: jsonl, parquet, csv, coco, imagefolder, webdataset and s3.

With `Accept: application/x-ndjson` an export answers with lines of progress before its report.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.params import Depends
from fastapi.responses import StreamingResponse

from engines.errors import InferloopError
from engines.types import (
    ExportFilter,
    ExportFormat,
    ExportProgress,
    ExportReport,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
)
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.flow.deadlines import within
from serve_app.flow.progress_stream import ALSO_LINES, Answer, OnProgress, Work, answer
from serve_app.paths import DATASET_DIR, OUTPUT_DIR, OUTPUT_FILE, Field
from serve_app.routing import ApiRoute
from serve_app.schemas.datasets.export import (
    ExportBody,
    FileExportBody,
    FileExportResponse,
    FilterBody,
    S3ExportBody,
    S3ExportResponse,
    WebDatasetExportBody,
    WebDatasetExportResponse,
)
from serve_app.schemas.datasets.export_reports import (
    file_response,
    s3_response,
    webdataset_response,
)

router = APIRouter(tags=["export"], route_class=ApiRoute)


def _spends(kind: str) -> list[Depends]:
    return [requires("export", "export", "dataset.export", job=kind)]


Report = TypeVar("Report", ExportReport, S3ExportReport)


@router.post(
    "/export/jsonl",
    dependencies=_spends("export.jsonl"),
    response_model=FileExportResponse,
    responses=ALSO_LINES,
)
async def export_jsonl(
    body: FileExportBody, request: Request, context: InContext
) -> FileExportResponse | StreamingResponse:
    """Export a dataset's records to a JSONL file."""
    return await _export_file(body, request, context, "jsonl")


@router.post(
    "/export/parquet",
    dependencies=_spends("export.parquet"),
    response_model=FileExportResponse,
    responses=ALSO_LINES,
)
async def export_parquet(
    body: FileExportBody, request: Request, context: InContext
) -> FileExportResponse | StreamingResponse:
    """Export a dataset, with its images, to Parquet."""
    return await _export_file(body, request, context, "parquet")


@router.post(
    "/export/csv",
    dependencies=_spends("export.csv"),
    response_model=FileExportResponse,
    responses=ALSO_LINES,
)
async def export_csv(
    body: FileExportBody, request: Request, context: InContext
) -> FileExportResponse | StreamingResponse:
    """Export a dataset's records to a CSV file."""
    return await _export_file(body, request, context, "csv")


@router.post(
    "/export/coco",
    dependencies=_spends("export.coco"),
    response_model=FileExportResponse,
    responses=ALSO_LINES,
)
async def export_coco(
    body: FileExportBody, request: Request, context: InContext
) -> FileExportResponse | StreamingResponse:
    """Export a dataset's labels and annotations to a COCO file."""
    return await _export_file(body, request, context, "coco")


@router.post(
    "/export/imagefolder",
    dependencies=_spends("export.imagefolder"),
    response_model=FileExportResponse,
    responses=ALSO_LINES,
)
async def export_imagefolder(
    body: FileExportBody, request: Request, context: InContext
) -> FileExportResponse | StreamingResponse:
    """Export a dataset's images to a ZIP file with a folder for each class. Images without the
    class label are left out and counted in `filtered`."""
    return await _export_file(body, request, context, "imagefolder")


@router.post(
    "/export/webdataset",
    dependencies=_spends("export.webdataset"),
    response_model=WebDatasetExportResponse,
    responses=ALSO_LINES,
)
async def export_webdataset(
    body: WebDatasetExportBody, request: Request, context: InContext
) -> WebDatasetExportResponse | StreamingResponse:
    """Export a dataset to a folder of WebDataset tar shards."""

    def respond(report: ExportReport) -> WebDatasetExportResponse:
        return webdataset_response(report, context.paths.to_wire)

    work = _work(context, body, "webdataset", body.output_dir, OUTPUT_DIR, respond)
    return await answer(request, work)


@router.post(
    "/export/s3",
    dependencies=_spends("export.s3"),
    response_model=S3ExportResponse,
    responses=ALSO_LINES,
)
async def export_s3(
    body: S3ExportBody, request: Request, context: InContext
) -> S3ExportResponse | StreamingResponse:
    """Export a dataset to an S3 bucket: images, sidecars, and last the manifest."""
    key = context.paths.to_key(body.dataset_dir, DATASET_DIR)
    context.audit.add(f"s3://{body.bucket_name}/{body.s3_prefix}")
    wanted = S3ExportRequest(
        dataset_key=key,
        bucket_name=body.bucket_name,
        s3_prefix=body.s3_prefix,
        include_metadata=body.include_metadata,
        public_read=body.public_read,
        filter=_filter(body.filter),
        server_side_encryption=body.server_side_encryption,
        storage_class=body.storage_class,
    )

    async def work(on_progress: OnProgress) -> S3ExportResponse:
        with context.paths.named(body.dataset_dir, key, DATASET_DIR):
            events = context.services.exporter.export_s3(wanted)
            return s3_response(await _report(context, events, on_progress))

    return await answer(request, work)


async def _export_file(
    body: FileExportBody, request: Request, context: Context, fmt: ExportFormat
) -> FileExportResponse | StreamingResponse:

    def respond(report: ExportReport) -> FileExportResponse:
        return file_response(report, context.paths.to_wire)

    work = _work(context, body, fmt, body.output_file, OUTPUT_FILE, respond)
    return await answer(request, work)


def _work(
    context: Context,
    body: ExportBody,
    fmt: ExportFormat,
    output: str,
    field: Field,
    respond: Callable[[ExportReport], Answer],
) -> Work[Answer]:
    dataset_key = context.paths.to_key(body.dataset_dir, DATASET_DIR)
    output_key = context.paths.to_key(output, field)
    wanted = ExportRequest(
        format=fmt,
        dataset_key=dataset_key,
        output_key=output_key,
        include_metadata=body.include_metadata,
        include_annotations=body.include_annotations,
        filter=_filter(body.filter),
        splits=body.splits,
        split_by=body.split_by,
        class_label=body.class_label,
    )

    async def work(on_progress: OnProgress) -> Answer:
        with (
            context.paths.named(output, output_key, field),
            context.paths.named(body.dataset_dir, dataset_key, DATASET_DIR),
        ):
            async with context.storage_quota.room(context.caller) as room:
                events = context.services.exporter.export(wanted)
                report = await _report(context, events, on_progress)
                await context.storage_quota.forget(output_key)  # the replaced export
                room.add(output_key, report.file_size_bytes)
            return respond(report)

    return work


async def _report(
    context: Context,
    events: AsyncGenerator[ExportProgress | Report, None],
    on_progress: OnProgress,
) -> Report:
    """The export's report. The export is stopped at its deadline, or if this task is canceled."""

    async def last() -> Report:
        async with aclosing(events):
            async for event in events:
                if not isinstance(event, ExportProgress):
                    return event
                on_progress(event.done, event.total)
        raise InferloopError("The export ended without a report")

    return await within(context.config.deadlines.export_s, last())


def _filter(body: FilterBody) -> ExportFilter:
    return ExportFilter(
        quality_passed=body.quality_passed,
        privacy_passed=body.privacy_passed,
        min_quality_score=body.min_quality_score,
        since=body.since,
        labels=body.wanted_labels(),
        decision=body.decision,
        min_rating=body.min_rating,
    )

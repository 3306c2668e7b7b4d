"""`GET` and `POST /datasets/{name}/report`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import Field

from engines.errors import InferloopError
from engines.types import ExportProgress
from engines.types.datasets.reports import DatasetReport, ReportPage, ReportRequest
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.durable.run import unheard
from serve_app.flow.connection import while_connected
from serve_app.flow.deadlines import within
from serve_app.flow.progress_stream import ALSO_LINES, OnProgress, answer
from serve_app.paths import REFERENCE_DIR
from serve_app.routes.datasets.datasets import DatasetName
from serve_app.routing import ApiRoute
from serve_app.schemas.base import Name, QueryModel, RequestModel, WirePath

router = APIRouter(tags=["datasets"], route_class=ApiRoute)

HTML = "text/html"
_ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content-Security-Policy of a page that loads no files and runs no scripts."""


class ReportBody(RequestModel):
    """What to compare the dataset with."""

    reference_dir: WirePath | None = Field(
        default=None, description="Folder of real images under generated/ or uploads/."
    )
    profile: Name | None = Field(
        default=None,
        description="Profile whose statistics, and features if it keeps any, are compared.",
    )


class ReportQuery(QueryModel):
    """What to compare the dataset with, and the format of the report."""

    reference_dir: WirePath | None = None
    profile: Name | None = None
    format: Literal["json", "html"] | None = Field(
        default=None,
        description="html: a page without external files. If left out, `Accept` decides.",
    )


@router.post(
    "/datasets/{name}/report",
    dependencies=[requires("validate", "validate", "dataset.report", job="dataset.report")],
    response_model=DatasetReport,
    responses=ALSO_LINES,
)
async def make_report(
    name: DatasetName, body: ReportBody, request: Request, context: InContext
) -> DatasetReport | StreamingResponse:
    """Make the report on a dataset. If nothing has changed, the stored report is returned.

    Takes minutes for a large dataset, so use a job (`Prefer: respond-async`). With
    `Accept: application/x-ndjson`, lines of progress are sent before the report.
    """
    wanted = _wanted(context, name, body.reference_dir, body.profile, as_page=False)

    async def work(on_progress: OnProgress) -> DatasetReport:
        found = await _made(context, wanted, body.reference_dir, on_progress)
        return _on_wire(context, found)

    return await answer(request, work)


@router.get(
    "/datasets/{name}/report",
    dependencies=[requires("read", budget="validate")],
    response_model=DatasetReport,
    responses={200: {"content": {HTML: {"schema": {"type": "string"}}}}},
)
async def get_report(
    request: Request, name: DatasetName, query: Annotated[ReportQuery, Query()], context: InContext
) -> Response:
    """Get the report as JSON, or as an HTML page (`Accept: text/html` or `format=html`). It is made
    if there is no stored one."""
    accepted = request.headers.get("accept", "")
    as_page = query.format == "html" or (query.format is None and HTML in accepted)
    wanted = _wanted(context, name, query.reference_dir, query.profile, as_page)
    work = _made(context, wanted, query.reference_dir, unheard)
    found = await while_connected(request, work)
    if isinstance(found, ReportPage):
        return HTMLResponse(found.html, headers={"Content-Security-Policy": _ALONE})
    return JSONResponse(_on_wire(context, found).model_dump(mode="json"))


def _wanted(
    context: Context, name: str, reference_dir: str | None, profile: str | None, as_page: bool
) -> ReportRequest:
    key = None if reference_dir is None else context.paths.to_key(reference_dir, REFERENCE_DIR)
    return ReportRequest(name, key, profile, as_page)


async def _made(
    context: Context, wanted: ReportRequest, reference_dir: str | None, on_progress: OnProgress
) -> DatasetReport | ReportPage:
    """The report. Making it is stopped at the deadline, or if this task is canceled."""
    if wanted.reference_key is None:
        return await _last(context, wanted, on_progress)
    with context.paths.named(reference_dir or "", wanted.reference_key, REFERENCE_DIR):
        return await _last(context, wanted, on_progress)


async def _last(
    context: Context, wanted: ReportRequest, on_progress: OnProgress
) -> DatasetReport | ReportPage:
    async def last() -> DatasetReport | ReportPage:
        events: AsyncGenerator[ExportProgress | DatasetReport | ReportPage, None]
        events = context.services.datasets.report(wanted)
        async with aclosing(events):
            async for event in events:
                if not isinstance(event, ExportProgress):
                    return event
                on_progress(event.done, event.total)
        raise InferloopError("The report ended without an answer")

    return await within(context.config.deadlines.export_s, last())


def _on_wire(context: Context, found: DatasetReport | ReportPage) -> DatasetReport:
    """The report with the reference folder as a path of the API."""
    if isinstance(found, ReportPage):
        raise InferloopError("The report is a page, but data was requested")
    if found.reference is None:
        return found
    path = context.paths.to_wire(found.reference.reference)
    reference = found.reference.model_copy(update={"reference": path})
    return found.model_copy(update={"reference": reference})

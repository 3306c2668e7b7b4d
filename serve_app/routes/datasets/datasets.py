"""`GET /datasets`, `GET` and `DELETE /datasets/{name}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from engines.types import DatasetSummary
from engines.types.limits import NAME_PATTERN
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.flow.connection import answer_within
from serve_app.flow.deadlines import within
from serve_app.paging import PageQuery, cut
from serve_app.routing import ApiRoute
from serve_app.schemas.library import DatasetList, DatasetOut, Deleted

router = APIRouter(tags=["datasets"], route_class=ApiRoute)

DatasetName = Annotated[str, Path(pattern=NAME_PATTERN)]


@router.get(
    "/datasets",
    dependencies=[requires("read", budget="read")],
    response_model_exclude_unset=True,
)
async def list_datasets(request: Request, page: PageQuery, context: InContext) -> DatasetList:
    """List the datasets with their counts, ordered by name. `next_cursor` is only there if there
    are more."""
    work = context.services.datasets.list(page.limit + 1, page.cursor)
    found = await answer_within(context.config.deadlines.lookup_s, request, work)
    shown, cursor = cut(found, page, lambda summary: summary.name)
    datasets = [_dataset_out(summary, context) for summary in shown]
    if cursor is None:
        return DatasetList(datasets=datasets)
    return DatasetList(datasets=datasets, next_cursor=cursor)


@router.get("/datasets/{name}", dependencies=[requires("read", budget="read")])
async def get_dataset(request: Request, name: DatasetName, context: InContext) -> DatasetOut:
    """Get one dataset: its number of images, and the results of the checks."""
    work = context.services.datasets.get(name)
    found = await answer_within(context.config.deadlines.lookup_s, request, work)
    return _dataset_out(found, context)


@router.delete("/datasets/{name}", dependencies=[requires("delete", audit="dataset.delete")])
async def delete_dataset(name: DatasetName, context: InContext) -> Deleted:
    """Remove a dataset with its images, recipes and verdicts."""
    work = context.services.datasets.delete(name)
    await within(context.config.deadlines.lookup_s, work)
    await context.storage_quota.forget(f"generated/{name}")
    return Deleted(name=name)


def _dataset_out(summary: DatasetSummary, context: Context) -> DatasetOut:
    return DatasetOut(
        name=summary.name,
        path=context.paths.to_wire(f"generated/{summary.name}"),
        image_count=summary.image_count,
        size_bytes=summary.size_bytes,
        updated_at=summary.updated_at,
        verdicts=dict(summary.verdicts),
        labels={name: dict(counts) for name, counts in summary.labels.items()} or None,
    )

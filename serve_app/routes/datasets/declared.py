"""`POST /datasets`, `POST /datasets/plan` and `POST /datasets/preview`."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import islice

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.plan import DatasetPlan, Item
from engines.datasets.spec.result import DatasetResult
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.datasets.creation import ServiceWorkshop, check_plan, create, workshop_of
from serve_app.flow.connection import while_connected
from serve_app.flow.fan_out import fan_out
from serve_app.flow.progress_stream import ALSO_LINES, OnProgress, answer
from serve_app.generation.required import verdicts_out
from serve_app.routing import ApiRoute
from serve_app.schemas.datasets.declared import (
    DatasetCreated,
    DatasetPlanned,
    DatasetPreview,
    PlannedItem,
    PreviewBody,
    PreviewImage,
    ShortageOut,
)

router = APIRouter(tags=["datasets"], route_class=ApiRoute)

COUNTED_ITEMS = 10_000
PLANNED_ITEMS, PLANNED_ROWS = 1000, 5
"""Items that `POST /datasets/plan` counts and shows; few, because editors call it often."""
_ID_CHARS = 8


@router.post(
    "/datasets",
    dependencies=[requires("generate", "generate", "dataset.create", job="dataset.create")],
    response_model=DatasetCreated,
    responses=ALSO_LINES,
)
async def create_dataset(
    body: DatasetSpec, request: Request, context: InContext
) -> DatasetCreated | StreamingResponse:
    """Make a dataset from its declaration. This takes long, so use `Prefer: respond-async`.

    Repeating the call makes missing images. With larger numbers it adds images, and does not change
    existing ones.
    """
    plan = DatasetPlan(body)
    await check_plan(context, plan)
    in_flight = min(context.config.dataset_creation.in_flight, plan.total)

    async def work(on_progress: OnProgress) -> DatasetCreated:
        with context.job_quota.hold(context.caller.key_hash, in_flight):
            return _created(context, await create(context, plan, on_progress))

    return await answer(request, work)


@router.post("/datasets/plan", dependencies=[requires(None, "read", "dataset.plan")])
async def plan_dataset(body: DatasetSpec, context: InContext) -> DatasetPlanned:
    """Check a declaration and show its plan, without making images. For editors that call it after
    every change."""
    plan = DatasetPlan(body)
    await check_plan(context, plan)
    return DatasetPlanned(
        total=plan.total,
        classes=_classes(plan),
        counts=_counts(plan, PLANNED_ITEMS),
        rows=[_row(item) for item in islice(plan.items(), PLANNED_ROWS)],
    )


@router.post(
    "/datasets/preview",
    dependencies=[requires("generate", "generate", "dataset.preview", job="dataset.preview")],
)
async def preview_dataset(
    body: PreviewBody, request: Request, context: InContext
) -> DatasetPreview:
    """Show the plan of a declaration, and make and check its first images, in the dataset
    `<name>-preview`."""
    plan = DatasetPlan(body.spec)
    await check_plan(context, plan)
    items = list(islice(plan.items(), min(body.images, plan.total)))
    in_flight = min(context.config.dataset_creation.in_flight, max(1, len(items)))
    with context.job_quota.hold(context.caller.key_hash, in_flight):
        images = await while_connected(request, _images(context, plan, items, in_flight))
    return DatasetPreview(
        total=plan.total,
        classes=_classes(plan),
        counts=_counts(plan, COUNTED_ITEMS),
        rows=[_row(item) for item in islice(plan.items(), body.rows)],
        images=images,
    )


def _created(context: Context, result: DatasetResult) -> DatasetCreated:
    return DatasetCreated(
        status=result.status,
        name=result.name,
        path=context.paths.to_wire(f"generated/{result.name}"),
        requested=result.requested,
        made=result.made,
        kept=result.kept,
        images_made=result.images_made,
        labels={name: dict(sorted(c.items())) for name, c in sorted(result.labels.items())},
        short=[
            ShortageOut(
                of_class=each.stratum,
                reason=each.reason,
                count=each.count,
                message=each.message,
            )
            for each in result.short
        ],
    )


async def _images(
    context: Context, plan: DatasetPlan, items: list[Item], in_flight: int
) -> list[PreviewImage]:
    workshop = workshop_of(context, plan)

    async def make(item: Item) -> PreviewImage:
        return await _image(context, workshop, plan, item)

    return await fan_out(items, make, in_flight)


async def _image(
    context: Context, workshop: ServiceWorkshop, plan: DatasetPlan, item: Item
) -> PreviewImage:
    request = plan.request(item, workshop.default_model)
    # The id is a digest of the request, so that other declarations have other preview images.
    digest = hashlib.sha256(repr(request).encode()).hexdigest()[:_ID_CHARS]
    name = f"{plan.spec.name[:55]}-preview"
    request = replace(request, image_id=f"{item.item_id}-{digest}", dataset=name, repeated=True)
    image = await workshop.make(request)
    judged = await workshop.judge(image, request)
    required = judged.verdicts if plan.spec.require.any else None
    shown = verdicts_out(replace(image, verdicts=required), context.paths)
    return PreviewImage(
        id=item.item_id,
        image_path=context.paths.to_wire(image.key),
        missed=[*judged.missed],
        **shown,
    )


def _classes(plan: DatasetPlan) -> dict[str, int]:
    return {name: count for name, count in plan.strata.items() if name is not None}


def _counts(plan: DatasetPlan, most: int) -> dict[str, dict[str, int]]:
    counts = {name: Counter[str]() for name in plan.spec.attributes}
    for item in islice(plan.items(), most):
        for name, value in item.attributes.items():
            counts[name][value] += 1
    return {name: dict(sorted(counter.items())) for name, counter in counts.items()}


def _row(item: Item) -> PlannedItem:
    return PlannedItem(
        id=item.item_id,
        prompt=item.prompt,
        negative_prompt=item.negative_prompt,
        seed=item.seed,
        parameters=dict(item.parameters),
        attributes=dict(item.attributes),
        labels=dict(item.labels),
    )

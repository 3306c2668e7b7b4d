"""`GET /datasets/{name}/images`, `GET /datasets/{name}/images/summary`, `PATCH /images`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Query, Request

from engines.types.datasets.looking import ImageQuery, Review, SeenImage, SeenVerdict
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.flow.connection import answer_within
from serve_app.flow.deadlines import within
from serve_app.paths import IMAGE_FILE, REVIEWED
from serve_app.routes.datasets.datasets import DatasetName
from serve_app.routing import ApiRoute
from serve_app.schemas.datasets.looking import (
    FilterQuery,
    ImageList,
    ImagesQuery,
    ImagesSummaryOut,
    ListedImage,
    ReviewBody,
    ReviewedImage,
    ReviewedList,
    ReviewOut,
    VerdictOut,
)

router = APIRouter(tags=["datasets"], route_class=ApiRoute)


@router.get(
    "/datasets/{name}/images",
    dependencies=[requires("read", budget="read")],
    response_model_exclude_unset=True,
)
async def list_images(
    request: Request, name: DatasetName, query: Annotated[ImagesQuery, Query()], context: InContext
) -> ImageList:
    """List a dataset's images, filtered and sorted, with prompt, labels, verdicts and reviews."""
    wanted = ImageQuery(
        dataset=name,
        filter=query.as_filter(),
        sort=query.sort,
        descending=query.order == "desc",
        limit=query.limit,
        cursor=query.cursor,
    )
    work = context.services.datasets.images(wanted)
    page = await answer_within(context.config.deadlines.lookup_s, request, work)
    images = [_listed(image, context) for image in page.images]
    if page.next_cursor is None:
        return ImageList(images=images, total=page.total)
    return ImageList(images=images, total=page.total, next_cursor=page.next_cursor)


@router.get("/datasets/{name}/images/summary", dependencies=[requires("read", budget="read")])
async def summarize_images(
    request: Request, name: DatasetName, query: Annotated[FilterQuery, Query()], context: InContext
) -> ImagesSummaryOut:
    """Count a dataset's images by label, verdict, rating, tag and decision."""
    work = context.services.datasets.images_summary(name, query.as_filter())
    found = await answer_within(context.config.deadlines.lookup_s, request, work)
    return ImagesSummaryOut(
        total=found.total,
        quality=dict(found.quality),
        privacy=dict(found.privacy),
        decisions=dict(found.decisions),
        ratings={str(rating): count for rating, count in found.ratings.items()},
        labels={label: dict(counts) for label, counts in found.labels.items()},
        tags=dict(found.tags),
        near_duplicates=found.near_duplicates,
    )


@router.patch("/images", dependencies=[requires("write", budget="read", audit="image.review")])
async def review_images(body: ReviewBody, context: InContext) -> ReviewedList:
    """Rate, tag, accept or reject images. If one of them does not exist, none is changed."""
    field = REVIEWED if body.path is None else IMAGE_FILE
    keys = {context.paths.to_key(path, field): path for path in body.named()}
    context.audit.add(*map(context.paths.to_wire, keys))
    context.audit.details["images"] = len(keys)
    with ExitStack() as named:
        for key, path in keys.items():
            named.enter_context(context.paths.named(path, key, field))
        work = context.services.datasets.review([*keys], body.change(), context.caller.name)
        found = await within(context.config.deadlines.lookup_s, work)
    return _reviewed(found, context)


def _reviewed(found: Sequence[tuple[str, Review]], context: Context) -> ReviewedList:
    images = [
        ReviewedImage(image_path=context.paths.to_wire(key), review=_review(review))
        for key, review in found
    ]
    return ReviewedList(images=images)


def _listed(image: SeenImage, context: Context) -> ListedImage:
    return ListedImage(
        id=image.image_id,
        image_path=context.paths.to_wire(image.key),
        created_at=image.created_at,
        size_bytes=image.size_bytes,
        width=image.width,
        height=image.height,
        prompt=image.prompt,
        negative_prompt=image.negative_prompt,
        seed=image.seed,
        served_model=image.served_model,
        labels=dict(image.labels),
        quality=_verdict(image.quality),
        privacy=_verdict(image.privacy),
        review=_review(image.review),
        cluster=image.cluster,
    )


def _verdict(verdict: SeenVerdict | None) -> VerdictOut | None:
    if verdict is None:
        return None
    return VerdictOut(passed=verdict.passed, score=verdict.score, factors=list(verdict.factors))


def _review(review: Review) -> ReviewOut:
    return ReviewOut(
        rating=review.rating,
        tags=list(review.tags),
        decision=review.decision,
        reviewer=review.reviewer,
        reviewed_at=review.reviewed_at,
    )

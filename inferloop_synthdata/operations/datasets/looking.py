"""Endpoints to list the images of a dataset, and to review them (docs/datasets.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal, TypedDict, Unpack

from inferloop_synthdata.answers import looking as answers
from inferloop_synthdata.operations.operation import Operation, read_answer
from inferloop_synthdata.operations.parts import get, given, listed, segment

VerdictState = Literal["passed", "failed", "unchecked"]
SortBy = Literal["created", "score", "rating", "seed"]
DecisionState = Literal["accepted", "rejected", "undecided"]


class ImageCriteria(TypedDict, total=False):
    """Criteria to select images of a dataset. An image must meet all of them."""

    labels: Annotated[
        Mapping[str, str | Sequence[str]] | None,
        'Label to one or several allowed values: {"animal": "fox"}.',
    ]
    quality: Annotated[VerdictState | None, '"passed", "failed" or "unchecked".']
    privacy: Annotated[VerdictState | None, '"passed", "failed" or "unchecked".']
    prompt: Annotated[str | None, "Text that the prompt contains; upper and lower case are equal."]
    seed: Annotated[int | None, "The image's seed."]
    min_score: Annotated[float | None, "Lowest score of the quality verdict, 0..1."]
    max_score: Annotated[float | None, "Highest score of the quality verdict, 0..1."]
    min_rating: Annotated[int | None, "Lowest rating, 0..5; an image without a rating has 0."]
    max_rating: Annotated[int | None, "Highest rating, 0..5."]
    tags: Annotated[Sequence[str] | None, "Tags that the image must have, all of them."]
    decision: Annotated[DecisionState | None, '"accepted", "rejected" or "undecided".']
    cluster: Annotated[str | None, "Id of an image: selects this image and its near-duplicates."]


def list_images(
    name: str,
    *,
    sort: SortBy | None = None,
    descending: bool = False,
    limit: int | None = None,
    cursor: str | None = None,
    **criteria: Unpack[ImageCriteria],
) -> Operation[answers.ImageList]:
    """One page of a dataset's images (`GET /datasets/{name}/images`), sorted by `sort` (default:
    by time, the oldest first). `limit`: images per page, 1..1000 (100). `cursor`: `next_cursor` of
    the previous page."""
    query = _query(criteria)
    paging = {"sort": sort, "limit": limit, "cursor": cursor}
    query |= {key: str(value) for key, value in paging.items() if value is not None}
    if descending:
        query["order"] = "desc"
    path = f"/datasets/{segment(name)}/images"
    return replace(get(path, answers.ImageList, "images", "total"), query=query or None)


def summarize_images(
    name: str, **criteria: Unpack[ImageCriteria]
) -> Operation[answers.ImagesSummary]:
    """Count a dataset's images by verdict, label, rating, tag and decision
    (`GET /datasets/{name}/images/summary`)."""
    path = f"/datasets/{segment(name)}/images/summary"
    return replace(get(path, answers.ImagesSummary, "total"), query=_query(criteria) or None)


def review_images(
    paths: Sequence[str],
    *,
    rating: int | None = None,
    add_tags: Sequence[str] | None = None,
    remove_tags: Sequence[str] | None = None,
    decision: DecisionState | None = None,
) -> Operation[answers.ReviewedList]:
    """Rate, tag, accept or reject at most 1000 images, given by their paths on the server
    (`PATCH /images`). Arguments that are omitted change nothing. `rating` 0 removes the rating,
    `decision` "undecided" removes the decision. If one of the images does not exist, no image is
    changed."""
    tags = given(add=listed(add_tags), remove=listed(remove_tags)) or None
    body = given(paths=listed(paths), rating=rating, tags=tags, decision=decision)
    return Operation(
        "PATCH", "/images", read_answer(answers.ReviewedList, "images"), True, body=body
    )


def _query(criteria: ImageCriteria) -> dict[str, str | Sequence[str]]:
    query: dict[str, str | Sequence[str]] = {
        name: str(value)
        for name, value in criteria.items()
        if value is not None and name not in ("labels", "tags")
    }
    labels = (criteria.get("labels") or {}).items()
    pairs = [f"{name}:{value}" for name, values in labels for value in _values(values)]
    if pairs:
        query["label"] = pairs
    if tags := listed(criteria.get("tags")):
        query["tag"] = tags
    return query


def _values(values: str | Sequence[str]) -> Sequence[str]:
    return [values] if isinstance(values, str) else values

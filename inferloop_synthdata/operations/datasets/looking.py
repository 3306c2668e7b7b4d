"""Looking through a dataset's images, and saying what one thinks of them (docs/datasets.md)."""

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
    """Which images of a dataset; all of them must hold."""

    labels: Annotated[
        Mapping[str, str | Sequence[str]] | None, 'Label to a value or several: {"animal": "fox"}.'
    ]
    quality: Annotated[VerdictState | None, "Of the quality verdict."]
    privacy: Annotated[VerdictState | None, "Of the privacy verdict."]
    prompt: Annotated[str | None, "Text that the prompt holds, in upper or lower case."]
    seed: Annotated[int | None, "The image's seed."]
    min_score: Annotated[float | None, "Of the quality verdict, 0..1."]
    max_score: Annotated[float | None, "Of the quality verdict, 0..1."]
    min_rating: Annotated[int | None, "0..5; 0 is an image without a rating."]
    max_rating: Annotated[int | None, "0..5."]
    tags: Annotated[Sequence[str] | None, "The image has all of them."]
    decision: Annotated[DecisionState | None, "What people decided."]
    cluster: Annotated[str | None, "Id of an image: itself and its near-duplicates."]


def list_images(
    name: str,
    *,
    sort: SortBy | None = None,
    descending: bool = False,
    limit: int | None = None,
    cursor: str | None = None,
    **criteria: Unpack[ImageCriteria],
) -> Operation[answers.ImageList]:
    """A page of a dataset's images (`GET /datasets/{name}/images`), the oldest first unless `sort`
    says otherwise. `limit`: 1..1000 (100); `cursor`: `next_cursor` of the page before."""
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
    """How many of a dataset's images have which verdict, label, rating, tag and decision
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
    """Rate, tag, accept or reject images by their paths on the server, at most 1000
    (`PATCH /images`). What is left out stays as it is; `rating` 0 and `decision` "undecided" take
    back. Where one of the images is absent, none is changed."""
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

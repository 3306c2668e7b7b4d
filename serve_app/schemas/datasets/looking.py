"""API models of lists of images and of reviews."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from engines.types.datasets.labels import (
    LABEL_VALUE_PATTERN,
    MAX_LABEL_CHARS,
    MAX_LABELS,
    broken_rule,
)
from engines.types.datasets.looking import (
    MAX_RATING,
    MAX_TAGS,
    THUMBNAIL_SIDES_PX,
    Decision,
    DecisionState,
    ImageFilter,
    ReviewChange,
    SortBy,
    VerdictState,
)
from engines.types.datasets.reports import Factor
from serve_app.schemas.base import (
    QueryModel,
    RequestModel,
    ResponseModel,
    Text,
    WirePath,
    WireTime,
)
from serve_app.schemas.openapi import examples
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.patterns import LABEL_PATTERN

MAX_REVIEWED = 1000
"""Largest number of images that one call may review."""


def _known_side(side: int) -> int:
    if side not in THUMBNAIL_SIDES_PX:
        raise broken_rule("must be one of " + ", ".join(map(str, THUMBNAIL_SIDES_PX)))
    return side


def _is_label(text: str) -> str:
    if len(text.partition(":")[2]) > MAX_LABEL_CHARS:
        raise broken_rule(f"must have a value of at most {MAX_LABEL_CHARS} characters")
    return text


Side = Annotated[
    int, AfterValidator(_known_side), Field(json_schema_extra={"enum": [*THUMBNAIL_SIDES_PX]})
]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LABEL_VALUE_PATTERN)]
LabelText = Annotated[str, StringConstraints(pattern=LABEL_PATTERN), AfterValidator(_is_label)]
Rating = Annotated[int, Field(ge=0, le=MAX_RATING)]
ImageId = Annotated[str, StringConstraints(min_length=1, max_length=512)]


class FilterQuery(QueryModel):
    """Which images of a dataset to list: those that meet all given criteria; by default all."""

    label: Annotated[list[LabelText], Field(max_length=10 * MAX_LABELS)] = Field(
        default=[],
        description="`name:value`. If a name is given several times, the image must have one of "
        "the values. The image must have a value for every given name.",
    )
    quality: VerdictState | None = Field(
        default=None, description="Only images with this quality verdict."
    )
    privacy: VerdictState | None = Field(
        default=None, description="Only images with this privacy verdict."
    )
    prompt: Annotated[Text, Field(min_length=1, max_length=2000)] | None = Field(
        default=None, description="Text that the prompt contains, regardless of case."
    )
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    min_score: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="Only images with at least this quality score, 0 to 1."
    )
    max_score: Annotated[float, Field(ge=0, le=1)] | None = None
    min_rating: Rating | None = Field(
        default=None, description="Only images with at least this rating; 0: without a rating."
    )
    max_rating: Rating | None = None
    tag: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(
        default=[],
        description="Only images with this tag; if given several times, with all of them.",
    )
    decision: DecisionState | None = None
    cluster: ImageId | None = Field(
        default=None,
        description="Id of an image: only this image and its near-duplicates, found by the last "
        "report on the dataset.",
    )

    def as_filter(self) -> ImageFilter:
        """The filter for the engine."""
        labels: dict[str, tuple[str, ...]] = {}
        for text in self.label:
            name, _, value = text.partition(":")
            labels[name] = (*labels.get(name, ()), value)
        return ImageFilter(
            labels=labels,
            quality=self.quality,
            privacy=self.privacy,
            prompt=self.prompt,
            seed=self.seed,
            min_score=self.min_score,
            max_score=self.max_score,
            min_rating=self.min_rating,
            max_rating=self.max_rating,
            tags=tuple(self.tag),
            decision=self.decision,
            cluster=self.cluster,
        )


class ImagesQuery(FilterQuery):
    """Which images to list, in which order, and how many."""

    sort: SortBy = Field(
        default="created",
        description="`score` is the quality score. Images without a value come last.",
    )
    order: Literal["asc", "desc"] = "asc"
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=100, description="Largest number of images in a page."
    )
    cursor: Annotated[Text, Field(max_length=2000)] | None = Field(
        default=None,
        description="`next_cursor` of the previous page, with the same sort and order. If left "
        "out: the first page.",
    )


class VerdictOut(ResponseModel):
    """A verdict in a list of images."""

    passed: bool
    score: float = Field(description="0..1 for quality, 0..100 for privacy.")
    factors: list[Factor] = Field(
        description="Why the image failed: the weakest factor of the quality score, or the privacy "
        "issues."
    )


class ReviewOut(ResponseModel):
    """The reviewers' rating, tags and decision for an image."""

    rating: int = Field(description="1..5; 0: no rating.")
    tags: list[str]
    decision: Decision | None
    reviewer: str | None = Field(description="Name of the API key that made the last change.")
    reviewed_at: WireTime | None


class ListedImage(ResponseModel):
    """An image in a list. Unknown values are null."""

    id: str
    image_path: str
    created_at: WireTime
    size_bytes: int
    width: int | None
    height: int | None
    prompt: str | None
    negative_prompt: str | None
    seed: int | None
    served_model: str | None
    labels: dict[str, str]
    quality: VerdictOut | None = Field(description="The quality verdict; null: not checked.")
    privacy: VerdictOut | None = Field(description="The privacy verdict; null: not checked.")
    review: ReviewOut
    cluster: str | None = Field(
        description="Id of the best image among this one and its near-duplicates; null if it has "
        "none, or no report was made."
    )


class ImageList(ResponseModel):
    """A page of images."""

    model_config = ConfigDict(json_schema_extra=shown(examples.IMAGES))

    images: list[ListedImage]
    total: int = Field(description="Number of images that meet the filter, on all pages.")
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page; only there if there is one."
    )


class ImagesSummaryOut(ResponseModel):
    """Numbers of images by property, among those that meet the filter."""

    total: int
    quality: dict[VerdictState, int]
    privacy: dict[VerdictState, int]
    decisions: dict[DecisionState, int]
    ratings: dict[str, int] = Field(description='"0" (not rated) to "5".')
    labels: dict[str, dict[str, int]] = Field(
        description="Label to value to number of images, without labels of more than 1000 values."
    )
    tags: dict[str, int] = Field(description="Tag to number of images, most frequent first.")
    near_duplicates: int | None = Field(
        description="Number of images with near-duplicates; null before the first report on the "
        "dataset."
    )


class TagsBody(RequestModel):
    """Changes of tags."""

    add: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(default=[])
    remove: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(default=[])


class ReviewBody(RequestModel):
    """A change of the reviews of images. Fields that are left out do not change."""

    model_config = ConfigDict(json_schema_extra=shown(examples.REVIEW))

    path: WirePath | None = Field(default=None, description="One image. Give `path` or `paths`.")
    paths: Annotated[list[WirePath], Field(min_length=1, max_length=MAX_REVIEWED)] | None = None
    rating: Rating | None = Field(default=None, description="1..5; 0 removes the rating.")
    tags: TagsBody = TagsBody()
    decision: DecisionState | None = Field(
        default=None, description="`undecided`, or null, removes the decision."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> ReviewBody:
        if (self.path is None) == (self.paths is None):
            raise broken_rule("must have exactly one of `path` and `paths`")
        return self

    def named(self) -> list[str]:
        """The paths, each once."""
        return list(dict.fromkeys(self.paths or [self.path or ""]))

    def change(self) -> ReviewChange:
        """The change for the engine."""
        given = "decision" in self.model_fields_set
        decision = self.decision or ("undecided" if given else None)
        return ReviewChange(self.rating, tuple(self.tags.add), tuple(self.tags.remove), decision)


class ReviewedImage(ResponseModel):
    """An image with its review."""

    image_path: str
    review: ReviewOut


class ReviewedList(ResponseModel):
    """The images of the request, in its order."""

    model_config = ConfigDict(json_schema_extra=shown(examples.REVIEWED))

    images: list[ReviewedImage]

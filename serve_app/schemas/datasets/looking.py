"""Lists of a dataset's images, and reviews, on the wire."""

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
"""Images of one call."""


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
    """Which images of a dataset; all if absent. Every criterion must hold."""

    label: Annotated[list[LabelText], Field(max_length=10 * MAX_LABELS)] = Field(
        default=[],
        description="`name:value`. The same name again takes either value; another name must hold "
        "too.",
    )
    quality: VerdictState | None = Field(default=None, description="The quality verdict.")
    privacy: VerdictState | None = Field(default=None, description="The privacy verdict.")
    prompt: Annotated[Text, Field(min_length=1, max_length=2000)] | None = Field(
        default=None, description="Text that the prompt holds, in upper or lower case."
    )
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    min_score: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="Of the quality verdict."
    )
    max_score: Annotated[float, Field(ge=0, le=1)] | None = None
    min_rating: Rating | None = Field(default=None, description="0: not rated.")
    max_rating: Rating | None = None
    tag: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(
        default=[], description="Given several times: the image has all of them."
    )
    decision: DecisionState | None = None
    cluster: ImageId | None = Field(
        default=None,
        description="Id of an image: itself and its near-duplicates, as the last report on the "
        "dataset found them.",
    )

    def as_filter(self) -> ImageFilter:
        """For the engine."""
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
    """Which images, in which order, how many."""

    sort: SortBy = Field(
        default="created", description="`score` is that of the quality verdict; without one: last."
    )
    order: Literal["asc", "desc"] = "asc"
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=100, description="Images of a page."
    )
    cursor: Annotated[Text, Field(max_length=2000)] | None = Field(
        default=None,
        description="`next_cursor` of the page before, of the same sort and order; left out: the "
        "first page.",
    )


class VerdictOut(ResponseModel):
    """A verdict in short."""

    passed: bool
    score: float = Field(description="0..1 for quality, 0..100 for privacy.")
    factors: list[Factor] = Field(
        description="Why it failed: the weakest factor of quality, the findings of privacy with "
        "their boxes."
    )


class ReviewOut(ResponseModel):
    """What people said of an image."""

    rating: int = Field(description="1..5; 0: none.")
    tags: list[str]
    decision: Decision | None
    reviewer: str | None = Field(description="Name of the key that changed it last.")
    reviewed_at: WireTime | None


class ListedImage(ResponseModel):
    """An image in a list. What is not known is null."""

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
    quality: VerdictOut | None = Field(description="null: not judged.")
    privacy: VerdictOut | None = Field(description="null: not judged.")
    review: ReviewOut
    cluster: str | None = Field(
        description="Id of the image to keep of its near-duplicates (perhaps this one); null where "
        "it has none, or no report was made."
    )


class ImageList(ResponseModel):
    """A page of images."""

    model_config = ConfigDict(json_schema_extra=shown(examples.IMAGES))

    images: list[ListedImage]
    total: int = Field(description="Images that meet the filter, on all pages.")
    next_cursor: str | None = Field(
        default=None, description="Only where there are more: the `cursor` of the next page."
    )


class ImagesSummaryOut(ResponseModel):
    """How many of the images that meet the filter have what."""

    total: int
    quality: dict[VerdictState, int]
    privacy: dict[VerdictState, int]
    decisions: dict[DecisionState, int]
    ratings: dict[str, int] = Field(description='"0" (not rated) to "5".')
    labels: dict[str, dict[str, int]] = Field(
        description="Label to value to images; without labels of too many values to be classes."
    )
    tags: dict[str, int] = Field(description="The most frequent first.")
    near_duplicates: int | None = Field(
        description="Images with a near-duplicate; null before the first report on the dataset."
    )


class TagsBody(RequestModel):
    """What happens to the tags."""

    add: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(default=[])
    remove: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(default=[])


class ReviewBody(RequestModel):
    """What changes in the reviews of some images; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra=shown(examples.REVIEW))

    path: WirePath | None = Field(default=None, description="One image; or `paths`.")
    paths: Annotated[list[WirePath], Field(min_length=1, max_length=MAX_REVIEWED)] | None = None
    rating: Rating | None = Field(default=None, description="1..5; 0 takes it back.")
    tags: TagsBody = TagsBody()
    decision: DecisionState | None = Field(
        default=None, description="`undecided`, or null, takes it back."
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
        """For the engine."""
        given = "decision" in self.model_fields_set
        decision = self.decision or ("undecided" if given else None)
        return ReviewChange(self.rating, tuple(self.tags.add), tuple(self.tags.remove), decision)


class ReviewedImage(ResponseModel):
    """An image with its review."""

    image_path: str
    review: ReviewOut


class ReviewedList(ResponseModel):
    """The images of the call, in its order."""

    model_config = ConfigDict(json_schema_extra=shown(examples.REVIEWED))

    images: list[ReviewedImage]

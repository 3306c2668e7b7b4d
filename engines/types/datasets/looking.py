"""Types for searching the images of a dataset and for reviewing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engines.types.datasets.reports import Factor

VerdictState = Literal["passed", "failed", "unchecked"]
Decision = Literal["accepted", "rejected"]
DecisionState = Literal["accepted", "rejected", "undecided"]
SortBy = Literal["created", "score", "rating", "seed"]

MAX_RATING = 5
MAX_TAGS = 32
"""Largest number of tags of one image."""
THUMBNAIL_SIDES_PX = (64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images to list: those that meet all given criteria; by default all images."""

    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label to the values to include: {"animal": ("fox", "cat")}."""
    quality: VerdictState | None = None
    privacy: VerdictState | None = None
    prompt: str | None = None
    """Text that the prompt contains, regardless of case."""
    seed: int | None = None
    min_score: float | None = None
    """Lowest quality score, 0..1. Images without a quality verdict are not included."""
    max_score: float | None = None
    """Highest quality score, 0..1."""
    min_rating: int | None = None
    """0..5; images without a rating have 0."""
    max_rating: int | None = None
    tags: tuple[str, ...] = ()
    """Tags that the image must have, all of them."""
    decision: DecisionState | None = None
    cluster: str | None = None
    """Id of an image: lists the images of its cluster of near-duplicates, including itself."""


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """A query for one page of a dataset's images."""

    dataset: str
    """Name of the dataset."""
    filter: ImageFilter = field(default_factory=ImageFilter)
    sort: SortBy = "created"
    descending: bool = False
    limit: int = 100
    cursor: str | None = None
    """`next_cursor` of the previous page; None for the first page."""


@dataclass(frozen=True, slots=True)
class SeenVerdict:
    """A verdict in a list of images."""

    passed: bool
    score: float
    """0..1 for quality, 0..100 for privacy."""
    factors: tuple[Factor, ...] = ()
    """The reasons for a failed verdict."""


@dataclass(frozen=True, slots=True)
class Review:
    """The reviewers' rating, tags and decision for an image."""

    rating: int = 0
    """1..5; 0: no rating."""
    tags: tuple[str, ...] = ()
    """In alphabetical order."""
    decision: Decision | None = None
    reviewer: str | None = None
    """Name of the API key that made the last change; None if there was none."""
    reviewed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SeenImage:
    """An image in a list. Unknown values are None."""

    key: str
    image_id: str
    created_at: datetime
    size_bytes: int
    width: int | None = None
    """Pixels, from the recipe or an earlier export."""
    height: int | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    served_model: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    quality: SeenVerdict | None = None
    privacy: SeenVerdict | None = None
    review: Review = field(default_factory=Review)
    cluster: str | None = None
    """Id of the best image in this image's cluster of near-duplicates, from the last report on the
    dataset; it may be this image. None if it is in no cluster."""


@dataclass(frozen=True, slots=True)
class ImagePage:
    """One page of the images of a query, in the requested order."""

    images: tuple[SeenImage, ...]
    total: int
    """Number of images that meet the filter, on all pages."""
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ImagesSummary:
    """Numbers of images, by property, among those that meet a filter."""

    total: int
    quality: Mapping[str, int]
    """By state of the quality verdict: passed, failed, unchecked."""
    privacy: Mapping[str, int]
    """By state of the privacy verdict: passed, failed, unchecked."""
    decisions: Mapping[str, int]
    """By decision: accepted, rejected, undecided."""
    ratings: Mapping[int, int]
    """By rating, 0..5."""
    labels: Mapping[str, Mapping[str, int]]
    """Label to value to number of images, without labels of more than 1000 values."""
    tags: Mapping[str, int]
    near_duplicates: int | None
    """Number of images in clusters; None before the first report on the dataset."""


@dataclass(frozen=True, slots=True)
class ReviewChange:
    """A change of the reviews of images. None: not changed."""

    rating: int | None = None
    """0..5; 0 removes the rating."""
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    decision: DecisionState | None = None
    """"undecided" removes the decision."""

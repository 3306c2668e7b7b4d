"""Looking at the images of a dataset, and saying what one thinks of them."""

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
"""Of one image."""
THUMBNAIL_SIDES_PX = (64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images are shown; the default shows all. Every criterion must hold."""

    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label to the values that are taken: {"animal": ("fox", "cat")}."""
    quality: VerdictState | None = None
    privacy: VerdictState | None = None
    prompt: str | None = None
    """Text that the prompt holds, in upper or lower case."""
    seed: int | None = None
    min_score: float | None = None
    """Of the quality verdict, 0..1; an image that was not judged has none."""
    max_score: float | None = None
    min_rating: int | None = None
    """0..5; 0 is an image without a rating."""
    max_rating: int | None = None
    tags: tuple[str, ...] = ()
    """The image has all of them."""
    decision: DecisionState | None = None
    cluster: str | None = None
    """Id of an image: the images of its cluster of near-duplicates, itself too."""


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """A page of a dataset's images."""

    dataset: str
    """Its name."""
    filter: ImageFilter = field(default_factory=ImageFilter)
    sort: SortBy = "created"
    descending: bool = False
    limit: int = 100
    cursor: str | None = None
    """`next_cursor` of the page before."""


@dataclass(frozen=True, slots=True)
class SeenVerdict:
    """A verdict in a list of images."""

    passed: bool
    score: float
    """0..1 for quality, 0..100 for privacy."""
    factors: tuple[Factor, ...] = ()
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class Review:
    """What people said of an image."""

    rating: int = 0
    """1..5; 0: none."""
    tags: tuple[str, ...] = ()
    """Ordered by name."""
    decision: Decision | None = None
    reviewer: str | None = None
    """Name of the API key that changed it last; None where nobody did."""
    reviewed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SeenImage:
    """An image in a list. What is not known is None."""

    key: str
    image_id: str
    created_at: datetime
    size_bytes: int
    width: int | None = None
    """As the recipe, or an earlier export, has it."""
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
    """Id of the image to keep of its near-duplicates (perhaps this one), as the last report on the
    dataset found them."""


@dataclass(frozen=True, slots=True)
class ImagePage:
    """Images in the order that was asked for."""

    images: tuple[SeenImage, ...]
    total: int
    """That meet the filter, on all pages."""
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ImagesSummary:
    """How many images that meet a filter have what."""

    total: int
    quality: Mapping[str, int]
    """passed, failed, unchecked; `privacy` too."""
    privacy: Mapping[str, int]
    decisions: Mapping[str, int]
    """accepted, rejected, undecided."""
    ratings: Mapping[int, int]
    """0..5."""
    labels: Mapping[str, Mapping[str, int]]
    """Label to value to images; without labels of too many values to be classes."""
    tags: Mapping[str, int]
    near_duplicates: int | None
    """Images in a cluster; None before the first report on the dataset."""


@dataclass(frozen=True, slots=True)
class ReviewChange:
    """What changes in the reviews of some images; None leaves a thing as it is."""

    rating: int | None = None
    """0 takes it back."""
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    decision: DecisionState | None = None
    """"undecided" takes it back."""

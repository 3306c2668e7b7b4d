"""Answers about the images of a dataset and their reviews."""

from __future__ import annotations

from typing import Literal

from inferloop_synthdata.answers.answer import Answer

Decision = Literal["accepted", "rejected"]


class FailingFactor(Answer):
    """One reason why an image failed a check."""

    check: str
    """quality or privacy."""
    code: str
    message: str
    value: float | None
    threshold: float | None
    box: list[int] | None
    """x, y, width, height in pixels of the upright image."""


class ShortVerdict(Answer):
    """A verdict in a list of images."""

    passed: bool
    score: float
    factors: list[FailingFactor]


class Review(Answer):
    """The reviewers' rating, tags and decision for an image."""

    rating: int
    """1..5; 0: no rating."""
    tags: list[str]
    decision: Decision | None
    reviewer: str | None
    """Name of the API key that made the last change."""
    reviewed_at: str | None


class ListedImage(Answer):
    """An image in a list. Unknown values are None."""

    id: str
    image_path: str
    created_at: str
    size_bytes: int
    width: int | None
    height: int | None
    prompt: str | None
    negative_prompt: str | None
    seed: int | None
    served_model: str | None
    labels: dict[str, str]
    quality: ShortVerdict | None
    privacy: ShortVerdict | None
    review: Review
    cluster: str | None
    """Id of the best image among this one and its near-duplicates; None if it has none, or no
    report was made."""


class ImageList(Answer):
    """A page of images."""

    images: list[ListedImage]
    total: int
    """Number of images that meet the criteria, on all pages."""
    next_cursor: str | None


class ImagesSummary(Answer):
    """Numbers of images by property, among those that meet the criteria."""

    total: int
    quality: dict[str, int]
    privacy: dict[str, int]
    decisions: dict[str, int]
    ratings: dict[str, int]
    labels: dict[str, dict[str, int]]
    tags: dict[str, int]
    near_duplicates: int | None


class ReviewedImage(Answer):
    """An image with its review."""

    image_path: str
    review: Review


class ReviewedList(Answer):
    """The images of a request, in its order."""

    images: list[ReviewedImage]

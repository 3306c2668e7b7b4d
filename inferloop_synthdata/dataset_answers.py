"""Answers about declared datasets."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from inferloop_synthdata.answers import Verdicts
from inferloop_synthdata.errors import JsonValue


class Shortage(TypedDict):
    """Images of a declared dataset that are missing, for one reason."""

    of_class: str | None
    reason: str
    count: int
    message: str


class DatasetCreated(TypedDict):
    """A declared dataset as it is now."""

    status: Literal["complete", "short"]
    name: str
    path: str
    requested: int
    made: int
    kept: int
    images_made: int
    labels: dict[str, dict[str, int]]
    short: list[Shortage]


class PlannedItem(TypedDict):
    id: str
    prompt: str
    negative_prompt: str | None
    seed: int
    parameters: dict[str, JsonValue]
    attributes: dict[str, str]
    labels: dict[str, str]


class PreviewImage(TypedDict):
    id: str
    image_path: str
    missed: list[str]
    verdicts: NotRequired[Verdicts]


class DatasetPreview(TypedDict):
    total: int
    classes: dict[str, int]
    counts: dict[str, dict[str, int]]
    rows: list[PlannedItem]
    images: list[PreviewImage]

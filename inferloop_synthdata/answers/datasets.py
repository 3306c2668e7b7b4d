"""Answers about declared datasets."""

from __future__ import annotations

from typing import Literal

from inferloop_synthdata.answers.answer import Answer
from inferloop_synthdata.answers.images import Verdicts
from inferloop_synthdata.errors import JsonValue


class Shortage(Answer):
    """The images of a declared dataset that are missing for one reason."""

    of_class: str | None
    reason: str
    count: int
    message: str


class DatasetCreated(Answer):
    """A declared dataset in its present state."""

    status: Literal["complete", "short"]
    name: str
    path: str
    requested: int
    made: int
    kept: int
    images_made: int
    labels: dict[str, dict[str, int]]
    short: list[Shortage]


class PlannedItem(Answer):
    """An image that the declaration plans."""

    id: str
    prompt: str
    negative_prompt: str | None
    seed: int
    parameters: dict[str, JsonValue]
    attributes: dict[str, str]
    labels: dict[str, str]


class PreviewImage(Answer):
    """An image of a preview. `missed`: names of the requirements that it does not meet."""

    id: str
    image_path: str
    missed: list[str]
    verdicts: Verdicts | None


class DatasetPlanned(Answer):
    """The plan of a declaration: numbers of images, and the first planned images in `rows`."""

    total: int
    classes: dict[str, int]
    counts: dict[str, dict[str, int]]
    rows: list[PlannedItem]


class DatasetPreview(DatasetPlanned):
    """The plan of a declaration, and the first images of the dataset."""

    images: list[PreviewImage]

"""API models of declared datasets. The declaration itself is in `engines.datasets.spec.model`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.parameters import Scalar
from serve_app.schemas.base import RequestModel, ResponseModel
from serve_app.schemas.generation import Required

MAX_PREVIEW_IMAGES = 16
MAX_PREVIEW_ROWS = 1000


class ShortageOut(ResponseModel):
    """Number of images that are missing for one reason."""

    of_class: str | None = Field(description="Class of the images; null without quotas.")
    reason: str = Field(
        description="The requirement that was missed most: quality, near-duplicate, budget, ..."
    )
    count: int
    message: str


class DatasetCreated(ResponseModel):
    """The present state of a declared dataset."""

    status: Literal["complete", "short"]
    name: str
    path: str
    requested: int
    made: int = Field(description="Number of images in the dataset now.")
    kept: int = Field(description="How many of these existed before this run.")
    images_made: int = Field(
        description="Number of images made in this run, including those that did not pass."
    )
    labels: dict[str, dict[str, int]] = Field(description="Label to value to number of images.")
    short: list[ShortageOut] = Field(description="The missing images, by class and reason.")


class PreviewBody(RequestModel):
    """`POST /datasets/preview`."""

    spec: DatasetSpec
    images: Annotated[int, Field(ge=0, le=MAX_PREVIEW_IMAGES)] = Field(
        default=4, description="How many of the dataset's first images to make."
    )
    rows: Annotated[int, Field(ge=0, le=MAX_PREVIEW_ROWS)] = Field(
        default=20, description="How many planned images to list."
    )


class PlannedItem(ResponseModel):
    """A planned image, with the parameters of the first attempt."""

    id: str
    prompt: str
    negative_prompt: str | None
    seed: int
    parameters: dict[str, Scalar]
    attributes: dict[str, str]
    labels: dict[str, str]


class PreviewImage(Required):
    """An image of a preview. It is kept even if it misses requirements."""

    id: str
    image_path: str
    missed: list[str]


class DatasetPlanned(ResponseModel):
    """The plan of a declaration."""

    total: int
    classes: dict[str, int] = Field(
        description="Class to its number of images; empty without quotas."
    )
    counts: dict[str, dict[str, int]] = Field(
        description="Attribute to value to number of images, among the first 1,000."
    )
    rows: list[PlannedItem] = Field(description="The first 5 images.")


class DatasetPreview(ResponseModel):
    """The plan of a declaration, and its first images."""

    total: int
    classes: dict[str, int] = Field(
        description="Class to its number of images; empty without quotas."
    )
    counts: dict[str, dict[str, int]] = Field(
        description="Attribute to value to number of images, among the first 10,000."
    )
    rows: list[PlannedItem]
    images: list[PreviewImage]

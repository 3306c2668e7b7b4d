"""Declared datasets on the wire. The declaration itself: `engines.datasets.spec.model`."""

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
    """Images that are missing for one reason."""

    of_class: str | None = Field(description="Their class; null without quotas.")
    reason: str = Field(description="What they missed most: quality, near-duplicate, budget, ...")
    count: int
    message: str


class DatasetCreated(ResponseModel):
    """A declared dataset as it is now."""

    status: Literal["complete", "short"]
    name: str
    path: str
    requested: int
    made: int = Field(description="Images that are in the dataset now.")
    kept: int = Field(description="Of these: were there before.")
    images_made: int = Field(description="In this run, those included that did not pass.")
    labels: dict[str, dict[str, int]] = Field(description="Label to value to images.")
    short: list[ShortageOut] = Field(description="What is missing, by class and reason.")


class PreviewBody(RequestModel):
    """`POST /datasets/preview`."""

    spec: DatasetSpec
    images: Annotated[int, Field(ge=0, le=MAX_PREVIEW_IMAGES)] = Field(
        default=4, description="Images to make: the first ones of the dataset."
    )
    rows: Annotated[int, Field(ge=0, le=MAX_PREVIEW_ROWS)] = Field(
        default=20, description="Rows of the table to show."
    )


class PlannedItem(ResponseModel):
    """One image that would be made, in its first try."""

    id: str
    prompt: str
    negative_prompt: str | None
    seed: int
    parameters: dict[str, Scalar]
    attributes: dict[str, str]
    labels: dict[str, str]


class PreviewImage(Required):
    """One that was made; it is kept, whatever it missed of the requirements."""

    id: str
    image_path: str
    missed: list[str]


class DatasetPlanned(ResponseModel):
    """What a declaration would give."""

    total: int
    classes: dict[str, int] = Field(description="By the quotas; empty without.")
    counts: dict[str, dict[str, int]] = Field(
        description="Attribute to value to images, of the first 1,000."
    )
    rows: list[PlannedItem] = Field(description="The first 5 images.")


class DatasetPreview(ResponseModel):
    """What a declaration gives."""

    total: int
    classes: dict[str, int] = Field(description="By the quotas; empty without.")
    counts: dict[str, dict[str, int]] = Field(
        description="Attribute to value to images, of the first 10,000."
    )
    rows: list[PlannedItem]
    images: list[PreviewImage]

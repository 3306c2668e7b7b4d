"""Profiles, datasets and files on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from serve_app.schemas.base import Name, ResponseModel, WirePath, WireTime, absent
from serve_app.schemas.openapi import examples
from serve_app.schemas.openapi.examples import shown
from serve_app.schemas.patterns import S3_URL_PATTERN
from serve_app.schemas.webhooks import AsynchronousBody


class ProfileSummaryOut(ResponseModel):
    """A profile in a list."""

    name: str
    created_at: WireTime
    sample_count: int
    path: str


class ProfileList(ResponseModel):
    """A page of profiles, ordered by name."""

    model_config = ConfigDict(json_schema_extra=shown(examples.PROFILES))

    profiles: list[ProfileSummaryOut]
    next_cursor: str | None = Field(
        default=None, description="Only where there are more: the `cursor` of the next page."
    )


class ProfileOut(ResponseModel):
    """A profile with its statistics."""

    model_config = ConfigDict(json_schema_extra=shown(examples.PROFILE))

    name: str
    created_at: WireTime
    updated_at: WireTime
    sample_count: int
    path: str
    statistics: dict[str, JsonValue]
    kept_hashes: int | None = Field(
        default=None, description="Perceptual hashes it keeps; only where `keep_hashes` was asked."
    )
    kept_features: int | None = Field(
        default=None,
        description="Images whose features it keeps; only where `keep_features` was asked.",
    )


class ProfileBody(AsynchronousBody):
    """Make a profile of every image under a folder: exactly one of `source_dir`, `source_url`."""

    name: Name
    source_dir: WirePath | None = Field(default=None, description="A folder of the data root.")
    source_url: Annotated[str, Field(max_length=1000, pattern=S3_URL_PATTERN)] | None = Field(
        default=None, description="s3://bucket/prefix, read with the service's own credentials."
    )
    update: bool = Field(default=False, description="Extend the profile of that name.")
    keep_hashes: bool = Field(
        default=False,
        description="Keep a perceptual hash of every image, for the search after near-duplicates.",
    )
    keep_features: bool = Field(
        default=False,
        description="Keep an encoder's features of the images, for reports against this profile: "
        "about 30 ms of CPU and 2.6 kB an image, of 20,000 images at most.",
    )


class ComparisonOut(ResponseModel):
    """How alike two sets of images are."""

    conformance: float = Field(description="0..100, 100 is alike.")
    distances: dict[str, float]
    left: str
    right: str


class DatasetOut(ResponseModel):
    """A dataset: how many images it holds, and their verdicts."""

    name: str
    path: str
    image_count: int
    size_bytes: int
    updated_at: WireTime | None
    verdicts: dict[str, int]
    labels: dict[str, dict[str, int]] | None = Field(
        default=None,
        exclude_if=absent,
        description="Label to value to images; there only if images have labels.",
    )


class DatasetList(ResponseModel):
    """A page of datasets, ordered by name."""

    datasets: list[DatasetOut]
    next_cursor: str | None = Field(
        default=None, description="Only where there are more: the `cursor` of the next page."
    )


class Deleted(ResponseModel):
    """What was deleted."""

    status: Literal["success"] = "success"
    name: str


class UploadResponse(ResponseModel):
    """Where the upload was stored."""

    image_path: str
    size_bytes: int


class Ticket(ResponseModel):
    """Opens one socket, once, or saves one exported file: `?ticket=`."""

    ticket: str
    expires_in_s: float = Field(description="Seconds until it opens nothing any more.")


class Health(ResponseModel):
    """The process answers (`ok`), or the whole service can serve (`ready`)."""

    status: Literal["ok", "ready"]

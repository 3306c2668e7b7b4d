"""API models of profiles, datasets and files."""

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
        default=None, description="`cursor` of the next page. Absent if there are no more."
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
        default=None,
        description="Number of images whose perceptual hashes it keeps; only with `keep_hashes`.",
    )
    kept_features: int | None = Field(
        default=None,
        description="Number of images whose features it keeps; only with `keep_features`.",
    )


class ProfileBody(AsynchronousBody):
    """Create a profile from all images below a folder: exactly one of `source_dir`,
    `source_url`."""

    name: Name
    source_dir: WirePath | None = Field(default=None, description="Folder on the service.")
    source_url: Annotated[str, Field(max_length=1000, pattern=S3_URL_PATTERN)] | None = Field(
        default=None, description="s3://bucket/prefix, read with the service's own credentials."
    )
    update: bool = Field(default=False, description="Extend the existing profile of this name.")
    keep_hashes: bool = Field(
        default=False,
        description="Keep perceptual hashes of the images, to find near-duplicates of them later.",
    )
    keep_features: bool = Field(
        default=False,
        description="Keep features of the images, for reports that compare with this profile. "
        "Takes about 30 ms of CPU and 2.6 kB per image, for at most 20,000 images.",
    )


class ComparisonOut(ResponseModel):
    """A comparison of two sets of images."""

    conformance: float = Field(description="0..100; 100: equal statistics.")
    distances: dict[str, float]
    left: str
    right: str


class DatasetOut(ResponseModel):
    """A dataset: its number of images, and their verdicts."""

    name: str
    path: str
    image_count: int
    size_bytes: int
    updated_at: WireTime | None
    verdicts: dict[str, int]
    labels: dict[str, dict[str, int]] | None = Field(
        default=None,
        exclude_if=absent,
        description="Label to value to number of images; only there if images have labels.",
    )


class DatasetList(ResponseModel):
    """A page of datasets, ordered by name."""

    datasets: list[DatasetOut]
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page. Absent if there are no more."
    )


class Deleted(ResponseModel):
    """The deleted object."""

    status: Literal["success"] = "success"
    name: str


class UploadResponse(ResponseModel):
    """The stored upload."""

    image_path: str
    size_bytes: int


class Ticket(ResponseModel):
    """A ticket for the query parameter `ticket`: it opens one WebSocket once, or downloads one
    exported file."""

    ticket: str
    expires_in_s: float = Field(description="Seconds until the ticket expires.")


class Health(ResponseModel):
    """`ok`: the process answers. `ready`: the whole service can serve."""

    status: Literal["ok", "ready"]

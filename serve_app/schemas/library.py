"""Profiles, datasets and files on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from serve_app.schemas.base import Name, RequestModel, ResponseModel, WirePath, WireTime


class ProfileSummaryOut(ResponseModel):
    name: str
    created_at: WireTime
    sample_count: int
    path: str


class ProfileList(ResponseModel):
    profiles: list[ProfileSummaryOut]


class ProfileOut(ResponseModel):
    name: str
    created_at: WireTime
    updated_at: WireTime
    sample_count: int
    path: str
    statistics: dict[str, JsonValue]


class ProfileBody(RequestModel):
    """Make a profile of every image under a folder."""

    name: Name
    source_dir: WirePath
    update: bool = Field(default=False, description="Extend the profile of that name.")


class ComparisonOut(ResponseModel):
    conformance: float = Field(description="0..100, 100 is alike.")
    distances: dict[str, float]
    left: str
    right: str


class DatasetOut(ResponseModel):
    name: str
    path: str
    image_count: int
    size_bytes: int
    updated_at: WireTime | None
    verdicts: dict[str, int]


class DatasetList(ResponseModel):
    datasets: list[DatasetOut]


class Deleted(ResponseModel):
    status: Literal["success"] = "success"
    name: str


class UploadResponse(ResponseModel):
    image_path: str
    size_bytes: int


class Health(ResponseModel):
    status: Literal["ok", "ready"]

"""Profiles and what makes them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from engines.types.buckets import check_bucket, check_folder

if TYPE_CHECKING:
    from engines.errors import JsonValue


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """A profile in a listing."""

    name: str
    created_at: datetime
    sample_count: int
    key: str


@dataclass(frozen=True, slots=True)
class Profile:
    """`statistics` is JSON: the reference's keys (colors 0..1, pixels) and documented extras."""

    name: str
    created_at: datetime
    updated_at: datetime
    sample_count: int
    key: str
    statistics: Mapping[str, JsonValue]
    kept_hashes: int = 0
    """Perceptual hashes of single images that it keeps; 0 unless it was made so."""
    size_bytes: int = 0
    """Of what is stored, with the features."""
    kept_features: int = 0
    """Images whose features it keeps; 0 unless it was made so."""


@dataclass(frozen=True, slots=True)
class S3Folder:
    """Objects of a bucket below `prefix` and a slash; all of it without a prefix.

    Raises:
        InvalidParameters: `bucket` or `prefix` is none (see `engines.types.buckets`).
    """

    bucket: str
    prefix: str = ""

    def __post_init__(self) -> None:
        check_bucket(self.bucket, "source_url")
        object.__setattr__(self, "prefix", check_folder(self.prefix, "source_url"))

    @property
    def key_prefix(self) -> str:
        """What every key of the folder begins with; empty for the whole bucket."""
        return f"{self.prefix}/" if self.prefix else ""

    @property
    def url(self) -> str:
        """`s3://` URL."""
        return f"s3://{self.bucket}/{self.key_prefix}"


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """Make (or with `update` extend) a profile from every image under a folder: a key of the data
    root, or a folder in a bucket of the user."""

    name: str
    source: str | S3Folder
    update: bool = False
    keep_hashes: bool = False
    """Keep perceptual hashes, so that privacy validation can find near-duplicates of its images."""
    keep_features: bool = False
    """Keep an encoder's features of the images, so that reports can hold datasets against them."""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex, compare=False)
    """Of this one request: a repetition finds the profile that the first try has made."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a dataset or profile lies from a profile."""

    conformance: float
    """0..100, 100 is alike; defined in docs/profiles.md."""
    distances: Mapping[str, float]
    left: str
    right: str

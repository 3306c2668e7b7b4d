"""Types of profiles: listings, requests and comparisons."""

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
    """A profile in a list."""

    name: str
    created_at: datetime
    sample_count: int
    key: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile. `statistics` is JSON, described in docs/profiles.md."""

    name: str
    created_at: datetime
    updated_at: datetime
    sample_count: int
    key: str
    statistics: Mapping[str, JsonValue]
    kept_hashes: int = 0
    """Number of images whose perceptual hashes it keeps; 0 unless requested (`keep_hashes`)."""
    size_bytes: int = 0
    """Bytes of its stored files, including features."""
    kept_features: int = 0
    """Number of images whose features it keeps; 0 unless requested (`keep_features`)."""


@dataclass(frozen=True, slots=True)
class S3Folder:
    """The objects of a bucket below the folder `prefix`; all objects if that is empty.

    Raises:
        InvalidParameters: `bucket` or `prefix` is not valid (`engines.types.buckets`).
    """

    bucket: str
    prefix: str = ""

    def __post_init__(self) -> None:
        check_bucket(self.bucket, "source_url")
        object.__setattr__(self, "prefix", check_folder(self.prefix, "source_url"))

    @property
    def key_prefix(self) -> str:
        """The prefix of all keys in the folder; empty for the whole bucket."""
        return f"{self.prefix}/" if self.prefix else ""

    @property
    def url(self) -> str:
        """The `s3://` URL of the folder."""
        return f"s3://{self.bucket}/{self.key_prefix}"


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """Create a profile from all images below a folder, or, with `update`, extend it.

    `source`: key of a folder in the data root, or a folder in a user's bucket.
    """

    name: str
    source: str | S3Folder
    update: bool = False
    keep_hashes: bool = False
    """Keep perceptual hashes, so that privacy validation can find near-duplicates of the images."""
    keep_features: bool = False
    """Keep features of the images, so that reports can compare datasets with them."""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex, compare=False)
    """A repeated request with the same id returns the profile that the first one created."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two profiles, or of a profile and a dataset."""

    conformance: float
    """0..100; 100: equal statistics. Defined in docs/profiles.md."""
    distances: Mapping[str, float]
    """Statistic to its distance."""
    left: str
    right: str

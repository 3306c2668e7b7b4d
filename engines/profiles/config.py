"""Configuration of profiles."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel


class ProfilesConfig(FrozenModel):
    """How images are read. The buckets that may be read: `INFERLOOP_S3_SOURCE_BUCKETS`."""

    read_workers: int = Field(default=4, ge=1, description="Images read at the same time.")
    read_ahead: int = Field(
        default=8, ge=1, description="Largest number of images that are read and not yet measured."
    )
    max_features: int = Field(
        default=20_000,
        ge=20,
        description="Largest number of images whose features a profile keeps (`keep_features`). "
        "If there are more, a random sample is kept. 2.6 kB per image with the included encoder.",
    )

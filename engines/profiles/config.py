"""What profiles may be made of."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel


class ProfilesConfig(FrozenModel):
    """How sources are read. Which buckets may be: `INFERLOOP_S3_SOURCE_BUCKETS`."""

    read_workers: int = Field(default=4, ge=1, description="Images read at the same time.")
    read_ahead: int = Field(default=8, ge=1, description="Images read ahead, at most.")
    max_features: int = Field(
        default=20_000,
        ge=20,
        description="Images whose features a profile keeps (`keep_features`); of more a sample. "
        "2.6 kB each with the encoder that comes with the service.",
    )

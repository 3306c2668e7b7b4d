"""What profiles may be made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ProfilesConfig(BaseModel):
    """How sources are read. Which buckets may be: `INFERLOOP_S3_SOURCE_BUCKETS`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read_workers: int = Field(default=4, ge=1, description="Images read at the same time.")
    read_ahead: int = Field(default=8, ge=1, description="Images read ahead, at most.")

"""What profiles may be made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ProfilesConfig(BaseModel):
    """Sources outside the data root, and how they are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed_buckets: tuple[str, ...] | None = Field(
        default=(),
        description="Buckets that the service's credentials may be used to read; null: every one.",
    )
    read_workers: int = Field(default=4, ge=1, description="Images read at the same time.")
    read_ahead: int = Field(default=8, ge=1, description="Images read ahead, at most.")

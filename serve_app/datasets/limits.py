"""Limits of declared datasets."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel


class DatasetCreationLimits(FrozenModel):
    """Limits of `POST /datasets`."""

    max_images: int = Field(default=100_000, ge=1, description="Most images of a dataset per call.")
    in_flight: int = Field(
        default=8, ge=1, description="Images of a call that are made or checked at the same time."
    )

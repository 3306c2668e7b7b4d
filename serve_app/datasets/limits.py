"""Bounds of declared datasets."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel


class DatasetCreationLimits(FrozenModel):
    """How `POST /datasets` spreads its work."""

    max_images: int = Field(default=100_000, ge=1, description="Largest dataset of one call.")
    in_flight: int = Field(default=8, ge=1, description="Images made or judged at once.")

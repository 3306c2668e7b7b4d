"""What is configurable about covering findings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engines.types.frozen import FrozenModel


class AnonymizeConfig(FrozenModel):
    """How findings are covered."""

    margin: float = Field(
        default=0.15,
        ge=0.0,
        le=1.0,
        description="How much each covered box is enlarged on every side, as a share of its size.",
    )
    cover: Literal["pii", "text"] = Field(
        default="text", description="Whether only text with personal data is covered, or all text."
    )
    max_rounds: int = Field(
        default=4,
        ge=1,
        le=8,
        description="Largest number of rounds. Each covers what is still found, more strongly.",
    )

"""The base of every configuration and of every record that is read back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """Never changes after it is made, and refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

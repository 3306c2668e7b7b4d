"""Default parameters of models."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel


class ModelDefaults(FrozenModel):
    """Default parameters of requests for one model; None: the default in `FieldBounds`."""

    width: int | None = Field(default=None, description="Width, pixels.")
    height: int | None = Field(default=None, description="Height, pixels.")
    num_inference_steps: int | None = Field(default=None, description="Denoising steps.")
    guidance_scale: float | None = Field(default=None, description="Guidance scale, unitless.")

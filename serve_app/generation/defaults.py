"""What a model's entry decides for requests that leave a choice out."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel


class ModelDefaults(FrozenModel):
    """What a request that names the model gets where it leaves a choice out; None: as `bounds`."""

    width: int | None = Field(default=None, description="Pixels.")
    height: int | None = Field(default=None, description="Pixels.")
    num_inference_steps: int | None = Field(default=None, description="Denoising steps.")
    guidance_scale: float | None = Field(default=None, description="Guidance, unitless.")

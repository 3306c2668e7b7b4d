"""Options of one model: request defaults, guidance and the VAE decoder."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel
from engines.types.limits import Guidance, Side, Steps


class GenerationDefaults(FrozenModel):
    """Default values for request fields, for requests that name this model.

    None: the service's default for all models.
    """

    width: Side | None = Field(default=None, description="Width, pixels.")
    height: Side | None = Field(default=None, description="Height, pixels.")
    num_inference_steps: Steps | None = Field(default=None, description="Denoising steps.")
    guidance_scale: Guidance | None = Field(
        default=None, description="Classifier-free guidance weight; <= 1: no guidance."
    )


class GuidanceOptions(FrozenModel):
    """How a request's guidance scale is converted for this model."""

    gain: float = Field(
        default=1.0,
        gt=0,
        le=10,
        allow_inf_nan=False,
        description="The model is run with the scale 1 + gain x (guidance_scale - 1), and the "
        "recipe notes that. 1: the requested scale. Below 1 suits models whose pictures are bad "
        "at the usual scale of 7.5.",
    )

    def effective(self, guidance_scale: float) -> float:
        """The scale that the model is run with. 1 stays 1, and a scale below 1 stays below 1."""
        if self.gain == 1:
            return guidance_scale
        return round(1 + self.gain * (guidance_scale - 1), 6)


class VaeOptions(FrozenModel):
    """Options that lower the VAE decoder's memory use; both make it slower."""

    tiling: bool = Field(default=False, description="Decode in overlapping tiles.")
    slicing: bool = Field(default=False, description="Decode one image of a batch at a time.")

"""API models of the diffusion models: ids, adapters, defaults and limits."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from serve_app.config import FieldBounds, ModelDefaults
from serve_app.schemas.base import ResponseModel


class GenerationLimits(ResponseModel):
    """Limits of requests, the same for all models."""

    min_side_px: int = Field(description="Smallest width and height, pixels.")
    max_side_px: int = Field(description="Largest width and height, pixels.")
    side_multiple_px: int = Field(description="Sides are multiples of this.")
    max_inference_steps: int
    max_guidance_scale: float
    max_seed: int
    max_prompt_chars: int
    max_prompts: int = Field(description="Largest number of prompts in one batch call.")


class GenerationDefaults(ResponseModel):
    """Default values of a model."""

    width: int = Field(description="Width, pixels.")
    height: int = Field(description="Height, pixels.")
    num_inference_steps: int
    guidance_scale: float

    @classmethod
    def of(cls, own: ModelDefaults, bounds: FieldBounds) -> Self:
        """The model's defaults, completed with the service's."""
        return cls(
            width=own.width or bounds.default_side_px,
            height=own.height or bounds.default_side_px,
            num_inference_steps=own.num_inference_steps or bounds.default_inference_steps,
            guidance_scale=bounds.default_guidance_scale
            if own.guidance_scale is None
            else own.guidance_scale,
        )


class ServedModel(ResponseModel):
    """A model that requests may use."""

    id: str = Field(description="Value for `model_id`.")
    is_default: bool = Field(description="Whether it is used if `model_id` is left out.")
    defaults: GenerationDefaults
    loras: list[str] = Field(description="Adapters of the model: values for `lora`.")


class ServedModels(ResponseModel):
    """The models of the service, and the limits of requests."""

    models: list[ServedModel] = Field(description="The models: the default first, then by id.")
    limits: GenerationLimits

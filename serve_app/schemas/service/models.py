"""Models on the wire: what a request may ask for, and what it gets where it asks for nothing."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from serve_app.config import FieldBounds, ModelDefaults
from serve_app.schemas.base import ResponseModel


class GenerationLimits(ResponseModel):
    """Bounds of a request, the same for every model of the service."""

    min_side_px: int = Field(description="Smallest width and height, pixels.")
    max_side_px: int = Field(description="Largest width and height, pixels.")
    side_multiple_px: int = Field(description="Sides are multiples of this.")
    max_inference_steps: int
    max_guidance_scale: float
    max_seed: int
    max_prompt_chars: int
    max_prompts: int = Field(description="Prompts of one batch call.")


class GenerationDefaults(ResponseModel):
    """What a request gets where it leaves a choice out."""

    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    num_inference_steps: int
    guidance_scale: float

    @classmethod
    def of(cls, own: ModelDefaults, bounds: FieldBounds) -> Self:
        """The model's own, and the service's for the rest."""
        return cls(
            width=own.width or bounds.default_side_px,
            height=own.height or bounds.default_side_px,
            num_inference_steps=own.num_inference_steps or bounds.default_inference_steps,
            guidance_scale=bounds.default_guidance_scale
            if own.guidance_scale is None
            else own.guidance_scale,
        )


class ServedModel(ResponseModel):
    """A model that a request may name."""

    id: str = Field(description="What `model_id` says.")
    is_default: bool = Field(description="Whether it is taken where `model_id` is left out.")
    defaults: GenerationDefaults
    loras: list[str] = Field(description="Adapters that `lora` may name with it.")


class ServedModels(ResponseModel):
    """What there is to generate with."""

    models: list[ServedModel] = Field(description="The default first, the others by id.")
    limits: GenerationLimits

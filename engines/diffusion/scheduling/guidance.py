"""Convert a request's guidance scale for the model that serves it.

Requests use the scale of Stable Diffusion, where 7.5 is usual. For a model that needs other values,
the config gives a gain, which multiplies the distance from 1 (no guidance).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.diffusion.config import ModelEntry
    from engines.types import GenerationRequest


def as_drawn(request: GenerationRequest, entry: ModelEntry) -> GenerationRequest:
    """The request with the values that the model is run with: the guidance scale converted by the
    entry's gain, and the entry's defaults for an absent guidance_rescale or speed."""
    rescale = request.guidance_rescale
    return replace(
        request,
        guidance_scale=entry.guidance.effective(request.guidance_scale),
        guidance_rescale=entry.guidance_rescale if rescale is None else rescale,
        speed=request.speed or entry.speed.default,
    )


def note(asked: float, drawn: float) -> str | None:
    """A note for the recipe if the scale was converted, else None."""
    if asked == drawn:
        return None
    return f"guidance_scale {asked:g} means {drawn:g} for this model"

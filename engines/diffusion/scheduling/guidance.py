"""What a request's guidance means for the model that serves it.

A request's scale is in the words of Stable Diffusion, where 7.5 is customary. A model that wants
another one says so by a gain: 1 (no guidance) stays 1, and the distance from it is multiplied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.diffusion.config import ModelEntry
    from engines.types import GenerationRequest


def as_drawn(request: GenerationRequest, entry: ModelEntry) -> GenerationRequest:
    """The request with the guidance and the speed that the model is really run with.

    The scale by the entry's gain; rescale and speed from the entry where the request leaves them
    out.
    """
    rescale = request.guidance_rescale
    return replace(
        request,
        guidance_scale=entry.guidance.effective(request.guidance_scale),
        guidance_rescale=entry.guidance_rescale if rescale is None else rescale,
        speed=request.speed or entry.speed.default,
    )


def note(asked: float, drawn: float) -> str | None:
    """What a reader of the recipe must know about the scale; None where it is as asked."""
    if asked == drawn:
        return None
    return f"guidance_scale {asked:g} means {drawn:g} for this model"

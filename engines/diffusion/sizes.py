"""Pictures of exactly the size asked for, from a VAE that only makes multiples of its grid.

Rule: generate at the next multiples of the grid, then crop from the centre; where an odd number
of pixels goes, the extra one goes at the right and at the bottom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engines.diffusion.scheduler import LaneKey

if TYPE_CHECKING:
    from engines.types import GenerationRequest, Pixels


def round_up(size_px: int, grid_px: int) -> int:
    """The least multiple of the grid that is not below the size, pixels."""
    return -(-size_px // grid_px) * grid_px


def crop_centre(pixels: Pixels, height: int, width: int) -> Pixels:
    """The middle `height` x `width` of a picture (h, w, 3) that is at least so large."""
    top = (pixels.shape[0] - height) // 2
    left = (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def plan(request: GenerationRequest, model_id: str, grid_px: int) -> tuple[LaneKey, int]:
    """The request's lane, and what one step of it costs in latent pixels.

    Sizes that are generated alike share a lane. Guidance at or below 1 needs no unconditional
    row (Ho and Salimans, 2022), so such a request costs half.
    """
    height, width = round_up(request.height, grid_px), round_up(request.width, grid_px)
    rows = 2 if request.guidance_scale > 1 else 1
    key = LaneKey(model_id, request.lora, height, width)
    return key, rows * (height // grid_px) * (width // grid_px)

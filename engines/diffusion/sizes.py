"""Pictures of exactly the size asked for, from a model that draws only some sizes well.

Rule: draw at the next multiples of the VAE's grid, then crop from the center; where an odd number
of pixels goes, the extra one goes at the right and at the bottom. A model that was trained on one
side length only draws every size with that short side, which is then scaled to cover, and cropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engines.diffusion.scheduling.scheduler import LaneKey

if TYPE_CHECKING:
    from engines.types import GenerationRequest, Pixels


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What sizes a model draws: multiples of `grid_px`, and where `sides_px` is given, a short side
    of the first and a long side of at most the second of it (themselves multiples of the grid)."""

    grid_px: int
    sides_px: tuple[int, int] | None = None

    def drawn(self, height: int, width: int) -> tuple[int, int]:
        """The (height, width) to draw at, pixels, for the size asked for."""
        if self.sides_px is not None:
            short, longest = self.sides_px
            scale = short / min(height, width)
            height, width = (min(round(side * scale), longest) for side in (height, width))
        return round_up(height, self.grid_px), round_up(width, self.grid_px)

    def latent(self, height: int, width: int) -> tuple[int, int]:
        """The same in latent pixels."""
        drawn_height, drawn_width = self.drawn(height, width)
        return drawn_height // self.grid_px, drawn_width // self.grid_px

    def fitted(self, pixels: Pixels, height: int, width: int) -> tuple[Pixels, str | None]:
        """A drawn picture (h, w, 3) at the size asked for, and what was done to it, if anything."""
        drawn_height, drawn_width = pixels.shape[:2]
        if (drawn_height, drawn_width) == (height, width):
            return pixels, None
        fits = 0 <= drawn_height - height < self.grid_px and (
            0 <= drawn_width - width < self.grid_px
        )
        how = "cropped from the center" if fits else "scaled"
        note = f"generated at {drawn_width}x{drawn_height} and {how} to {width}x{height}"
        covering = pixels if fits else scaled_to_cover(pixels, height, width)
        return crop_center(covering, height, width), note


def round_up(size_px: int, grid_px: int) -> int:
    """The least multiple of the grid that is not below the size, pixels."""
    return -(-size_px // grid_px) * grid_px


def crop_center(pixels: Pixels, height: int, width: int) -> Pixels:
    """The middle `height` x `width` of a picture (h, w, 3) that is at least so large."""
    top = (pixels.shape[0] - height) // 2
    left = (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def scaled_to_cover(pixels: Pixels, height: int, width: int) -> Pixels:
    """The smallest picture of the same shape that covers `height` x `width` (Lanczos)."""
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    size = max(width, round(pixels.shape[1] * scale)), max(height, round(pixels.shape[0] * scale))
    resized: Pixels = np.asarray(
        Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.LANCZOS)
    )
    return resized


def plan(request: GenerationRequest, model_id: str, sizes: SizeRule) -> tuple[LaneKey, int]:
    """The request's lane, and what one step of it costs in latent pixels.

    Sizes that are generated alike share a lane. Guidance at or below 1 needs no unconditional
    row (Ho and Salimans, 2022), so such a request costs half.
    """
    rows = 2 if request.guidance_scale > 1 else 1
    key = LaneKey(
        model_id, request.lora, *sizes.drawn(request.height, request.width), request.alone
    )
    return key, rows * row_px(request, sizes)


def row_px(request: GenerationRequest, sizes: SizeRule) -> int:
    """Latent pixels of one row."""
    latent_height, latent_width = sizes.latent(request.height, request.width)
    return latent_height * latent_width

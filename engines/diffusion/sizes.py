"""Make pictures of exactly the requested size with models that generate only certain sizes.

A picture is generated at the next multiples of the VAE's grid and cropped to its center; if an odd
number of pixels is removed, one more is removed at the right and at the bottom. A model that was
trained at one side length generates every picture with that short side; the picture is then scaled
to cover the requested size, and cropped.
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
    """The sizes that a model generates."""

    grid_px: int
    """Pixels per latent pixel; sides are multiples of it."""
    sides_px: tuple[int, int] | None = None
    """(short side, longest long side) of every picture, multiples of the grid; None: no rule."""

    def drawn(self, height: int, width: int) -> tuple[int, int]:
        """The (height, width) to generate for the requested size, pixels."""
        if self.sides_px is not None:
            short, longest = self.sides_px
            scale = short / min(height, width)
            height, width = (min(round(side * scale), longest) for side in (height, width))
        return round_up(height, self.grid_px), round_up(width, self.grid_px)

    def latent(self, height: int, width: int) -> tuple[int, int]:
        """The (height, width) to generate for the requested size, in latent pixels."""
        drawn_height, drawn_width = self.drawn(height, width)
        return drawn_height // self.grid_px, drawn_width // self.grid_px

    def fitted(self, pixels: Pixels, height: int, width: int) -> tuple[Pixels, str | None]:
        """A generated picture (h, w, 3), cropped or scaled to the requested size, and a note for
        the recipe, None if nothing was changed."""
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
    """The smallest multiple of `grid_px` that is not below `size_px`."""
    return -(-size_px // grid_px) * grid_px


def crop_center(pixels: Pixels, height: int, width: int) -> Pixels:
    """The central `height` x `width` pixels of a picture (h, w, 3) that is at least that large."""
    top = (pixels.shape[0] - height) // 2
    left = (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def scaled_to_cover(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture (h, w, 3), scaled (Lanczos) to the smallest size that covers `height` x `width`.
    Its aspect ratio is kept."""
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    size = max(width, round(pixels.shape[1] * scale)), max(height, round(pixels.shape[0] * scale))
    resized: Pixels = np.asarray(
        Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.LANCZOS)
    )
    return resized


def plan(request: GenerationRequest, model_id: str, sizes: SizeRule) -> tuple[LaneKey, int]:
    """The request's lane, and the cost of one of its steps in latent pixels.

    Requested sizes that are generated at the same size share a lane. A guidance scale of at most 1
    needs no unconditional row (Ho and Salimans, 2022), which halves the cost.
    """
    rows = 2 if request.guidance_scale > 1 else 1
    key = LaneKey(
        model_id, request.lora, *sizes.drawn(request.height, request.width), request.alone
    )
    return key, rows * row_px(request, sizes)


def row_px(request: GenerationRequest, sizes: SizeRule) -> int:
    """Latent pixels of one row of the request."""
    latent_height, latent_width = sizes.latent(request.height, request.width)
    return latent_height * latent_width

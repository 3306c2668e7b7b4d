"""Decode latents with the VAE, run the safety checker, and fit the picture to its size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import torch

from engines.diffusion.contract import DecodedImage
from engines.diffusion.sizes import SizeRule
from engines.errors import Forbidden, GenerationFailed

if TYPE_CHECKING:
    from engines.types import Pixels

SafetyPolicy = Literal["off", "flag", "block"]
SafetyCheck = Callable[["Pixels"], bool]
"""Whether the model's safety checker flags a picture, RGB uint8 (h, w, 3)."""


class Decoder:
    """Decodes the latents of one image at a time."""

    def __init__(
        self,
        decode_latents: Callable[[torch.Tensor], torch.Tensor],
        policy: SafetyPolicy = "off",
        check: SafetyCheck | None = None,
    ) -> None:
        """`decode_latents`: `Family.decode`. `check`: None if the model has no safety checker;
        then raises `GenerationFailed` for a policy other than "off"."""
        if policy != "off" and check is None:
            raise GenerationFailed("The model has no safety checker, but its policy asks for one")
        self._decode_latents = decode_latents
        self._policy = policy
        self._check = check

    def decode(self, latents: torch.Tensor, height: int, width: int) -> DecodedImage:
        """The picture of latents (1, C, h, w) at exactly `height` x `width` pixels.

        Raises `GenerationFailed` for latents that are not finite, and `Forbidden` for a picture
        that the checker flags under the policy "block".
        """
        if not bool(latents.isfinite().all()):
            raise GenerationFailed("The latents became NaN or infinite")
        whole = to_pixels(self._decode_latents(latents))
        flagged = self._check(whole) if self._policy != "off" and self._check else None
        if flagged and self._policy == "block":
            raise Forbidden("The model's safety checker refused the image")
        sizes = SizeRule(grid_px=whole.shape[0] // latents.shape[-2])
        pixels, resized = sizes.fitted(whole, height, width)
        notes = (resized,) if resized else ()
        return DecodedImage(pixels, {"policy": self._policy, "flagged": flagged}, notes)


def to_pixels(picture: torch.Tensor) -> Pixels:
    """Convert a float picture (1, 3, H, W), -1..1, to RGB uint8 (H, W, 3), rounded as in
    diffusers."""
    unit = (picture[0].float() / 2 + 0.5).clamp(0, 1)
    pixels: Pixels = (
        (unit * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()
    )
    return pixels

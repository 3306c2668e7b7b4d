"""Stable Diffusion 1.x and 2.x, and the embedded model."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from engines.diffusion.sampling.text import EncodedPrompt


class StableDiffusionFamily:
    """Implements `family.Family` for a `StableDiffusionPipeline`."""

    zero_negative = False

    def __init__(self, pipe: Any, denoiser: Callable[..., Any] | None = None) -> None:
        """`denoiser` is called instead of the pipeline's UNet, with the same arguments."""
        self.pipe = pipe
        self.denoiser = denoiser or pipe.unet
        self._rows: tuple[EncodedPrompt, ...] = ()
        self._states = torch.empty(0)

    @property
    def tokenizers(self) -> Sequence[Any]:
        return (self.pipe.tokenizer,)

    def encode(self, windows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, None]:
        encoder = self.pipe.text_encoder
        return encoder(windows[0].to(encoder.device))[0].to(encoder.dtype), None

    def denoise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        prompts: Sequence[EncodedPrompt],
        size_px: tuple[int, int],
        denoiser: Callable[..., Any] | None = None,
    ) -> torch.Tensor:
        denoiser = denoiser or self.denoiser
        prediction: torch.Tensor = denoiser(
            latents, timesteps, encoder_hidden_states=self._stacked(prompts), return_dict=False
        )[0]
        return prediction

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        vae = self.pipe.vae
        picture: torch.Tensor = vae.decode(
            latents.to(vae.dtype) / vae.config.scaling_factor, return_dict=False
        )[0]
        return picture

    def _stacked(self, prompts: Sequence[EncodedPrompt]) -> torch.Tensor:
        """Text embeddings of all rows, (R, L, D). Kept, because most steps have the same rows as
        the step before."""
        same = len(prompts) == len(self._rows) and all(map(operator.is_, prompts, self._rows))
        if not same:
            self._rows = tuple(prompts)
            self._states = torch.cat([prompt.states for prompt in prompts])
        return self._states

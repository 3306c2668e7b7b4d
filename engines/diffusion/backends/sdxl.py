"""Stable Diffusion XL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from engines.diffusion.sampling.text import EncodedPrompt


class StableDiffusionXLFamily:
    """Implements `family.Family` for a `StableDiffusionXLPipeline`.

    Micro-conditioning (Podell et al., 2023, section 2.2) has the pipeline's default values: the
    original and the target size are the generated size, and the crop starts at (0, 0).
    """

    def __init__(self, pipe: Any, denoiser: Callable[..., Any] | None = None) -> None:
        """`denoiser` is called instead of the pipeline's UNet, with the same arguments."""
        self.pipe = pipe
        self.denoiser = denoiser or pipe.unet

    @property
    def zero_negative(self) -> bool:
        return bool(self.pipe.config.force_zeros_for_empty_prompt)

    @property
    def tokenizers(self) -> Sequence[Any]:
        return (self.pipe.tokenizer, self.pipe.tokenizer_2)

    def encode(self, windows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        encoders = (self.pipe.text_encoder, self.pipe.text_encoder_2)
        outputs = [
            encoder(ids.to(encoder.device), output_hidden_states=True)
            for encoder, ids in zip(encoders, windows, strict=True)
        ]
        states = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        dtype = self.pipe.text_encoder_2.dtype
        return states.to(dtype), outputs[1][0].to(dtype)

    def denoise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        prompts: Sequence[EncodedPrompt],
        size_px: tuple[int, int],
        denoiser: Callable[..., Any] | None = None,
    ) -> torch.Tensor:
        states = torch.cat([prompt.states for prompt in prompts])
        pooled = torch.cat([prompt.pooled for prompt in prompts if prompt.pooled is not None])
        time_ids = torch.tensor([[*size_px, 0, 0, *size_px]], device=states.device)
        denoiser = denoiser or self.denoiser
        prediction: torch.Tensor = denoiser(
            latents,
            timesteps,
            encoder_hidden_states=states,
            added_cond_kwargs={
                "text_embeds": pooled,
                "time_ids": time_ids.to(states.dtype).repeat(len(prompts), 1),
            },
            return_dict=False,
        )[0]
        return prediction

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        vae = self.pipe.vae
        config = vae.config
        if vae.dtype == torch.float16 and config.force_upcast:
            # The VAE overflows in float16, so diffusers upcasts it too. It stays in float32.
            vae.to(torch.float32)
        latents = latents.to(vae.dtype)
        if config.get("latents_mean") is not None and config.get("latents_std") is not None:
            mean, std = (
                torch.tensor(values).view(1, -1, 1, 1).to(latents)
                for values in (config.latents_mean, config.latents_std)
            )
            latents = latents * std / config.scaling_factor + mean
        else:
            latents = latents / config.scaling_factor
        picture: torch.Tensor = vae.decode(latents, return_dict=False)[0]
        return picture

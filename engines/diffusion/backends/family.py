"""The interface between `ModelRunner` and a family of models whose steps can be batched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

    from engines.diffusion.sampling.text import EncodedPrompt


class Family(Protocol):
    """One family of pipelines, such as Stable Diffusion XL.

    Tensors are on the pipeline's device and floats in the model's dtype, unless stated. In
    shapes, R is the number of rows and W the number of tokens in a text window.
    """

    pipe: Any
    """The loaded diffusers pipeline. Its components are used; its `__call__` is not."""
    denoiser: Callable[..., Any]
    """The pipeline's UNet, or a replacement with the same arguments (see `denoiser/`)."""

    @property
    def tokenizers(self) -> Sequence[Any]:
        """CLIP tokenizers, one for each text encoder."""

    @property
    def zero_negative(self) -> bool:
        """Whether an absent negative prompt is encoded as zeros instead of as an empty text."""

    def encode(self, windows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Text embeddings (R, W, D), and pooled embeddings (R, P) or None if the family has none.

        `windows`: token ids, int64 (R, W), one tensor per tokenizer.
        """

    def denoise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        prompts: Sequence[EncodedPrompt],
        size_px: tuple[int, int],
        denoiser: Callable[..., Any] | None = None,
    ) -> torch.Tensor:
        """The denoiser's prediction (R, C, h, w) for latents (R, C, h, w) at timesteps (R,).

        `prompts`: R prompts with equal numbers of tokens. `size_px`: the generated picture's
        (height, width). `denoiser`: called instead of `self.denoiser`, with the same arguments.
        """

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Pictures (R, 3, H, W) for latents (R, C, h, w). Values are about -1..1; not clipped."""

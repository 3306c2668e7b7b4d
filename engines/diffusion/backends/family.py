"""What `ModelRunner` asks of a family of step-batched models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

    from engines.diffusion.sampling.text import EncodedPrompt


class Family(Protocol):
    """Tensors are in `dtype` on `device` unless it says otherwise. R rows, W tokens a window."""

    pipe: Any
    """The loaded diffusers pipeline; its weights are shared, its loop is not used."""
    denoiser: Callable[..., Any]
    """What runs the steps: the pipeline's UNet, or what is called in its place."""

    @property
    def tokenizers(self) -> Sequence[Any]:
        """CLIP tokenizers, one for each text encoder."""

    @property
    def zero_negative(self) -> bool:
        """Whether an absent negative prompt is all zeros instead of the empty text."""

    def encode(self, windows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Token ids (R, W) int64, one tensor for each tokenizer -> states (R, W, D) and the
        pooled text (R, P), None where the family has none."""

    def denoise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        prompts: Sequence[EncodedPrompt],
        size_px: tuple[int, int],
        denoiser: Callable[..., Any] | None = None,
    ) -> torch.Tensor:
        """One evaluation: latents (R, C, h, w), timesteps (R,), R prompts of one length, the
        generated picture's (height, width) -> the prediction (R, C, h, w). `denoiser` is called in
        place of the family's own, with the same arguments."""

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (R, C, h, w) -> pictures (R, 3, H, W), -1..1 (a little beyond is clipped)."""

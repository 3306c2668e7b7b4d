"""The denoising state of one request."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from engines.diffusion.speed import EXACT

if TYPE_CHECKING:
    from engines.diffusion.sampling.recurrences import LinearTable
    from engines.diffusion.sampling.text import EncodedPrompt
    from engines.diffusion.speed import Shortcuts
    from engines.types import GenerationRequest


@dataclass(slots=True, eq=False)
class Trajectory:
    """Implements `contract.Denoising`.

    Exactly one of `table` (fast, batched) and `noise_scheduler` (an instance of the request's own)
    is not None.
    """

    request: GenerationRequest
    latents: torch.Tensor
    """(1, C, h, w), in the model's dtype and on its device."""
    prompt: EncodedPrompt
    negative: EncodedPrompt | None
    """None without classifier-free guidance."""
    generator: torch.Generator
    table: LinearTable | None
    noise_scheduler: Any
    shortcuts: Shortcuts = EXACT
    past: tuple[tuple[torch.Tensor, torch.Tensor], ...] = ()
    """Latents and model outputs of earlier evaluations, newest first, as many as `table` needs."""
    evaluations_done: int = 0
    model_input: torch.Tensor | None = None
    """Input of the last evaluation, (1, C, h, w). It and `model_output` are kept for previews
    only."""
    model_output: torch.Tensor | None = None
    predicted_at: float = 0.0
    """Timestep of `model_output`."""
    deep: tuple[torch.Tensor | None, torch.Tensor | None] = (None, None)
    """Deep features of the last evaluation for the conditional and the unconditional row, (1, C,
    h, w) each, for reuse."""

    @property
    def rows(self) -> int:
        return 2 if self.is_guided else 1

    @property
    def is_guided(self) -> bool:
        """Whether the next evaluation uses classifier-free guidance."""
        return self.negative is not None and self.shortcuts.guides(
            self.evaluations_done, self.evaluations_total
        )

    @property
    def reuses(self) -> bool:
        """Whether the request reuses deep features at all."""
        return self.shortcuts.deep_features_every > 1

    def reusable(self) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """The deep features that the next evaluation reuses, (1, C, h, w) for the conditional and
        for the unconditional row; None where it computes them."""
        if self.shortcuts.computes_deep(self.evaluations_done):
            return None, None
        return self.deep

    @property
    def evaluations_total(self) -> int:
        if self.table is not None:
            return len(self.table.timesteps)
        return len(self.noise_scheduler.timesteps)

    @property
    def timestep(self) -> float:
        """Timestep of the next evaluation, in the noise scheduler's units."""
        if self.table is not None:
            return self.table.timesteps[self.evaluations_done]
        return float(self.noise_scheduler.timesteps[self.evaluations_done])

    def scaled_latents(self) -> torch.Tensor:
        """The denoiser's input for the next evaluation, (1, C, h, w)."""
        if self.table is not None:
            return self.latents * self.table.model_input[self.evaluations_done]
        timestep = self.noise_scheduler.timesteps[self.evaluations_done]
        scaled: torch.Tensor = self.noise_scheduler.scale_model_input(self.latents, timestep)
        return scaled

    def drawn(self, weight: float) -> torch.Tensor:
        """Fresh noise (1, C, h, w) from the request's generator, drawn as in diffusers; zeros, and
        nothing is drawn, for weight 0."""
        if weight == 0:
            return torch.zeros_like(self.latents)
        noise = torch.randn(self.latents.shape, generator=self.generator, dtype=self.latents.dtype)
        return noise.to(self.latents.device)

    def move(self, latents: torch.Tensor, model_output: torch.Tensor) -> None:
        """Complete an evaluation that was computed by the table: set the new latents."""
        if self.table is not None and self.table.looks_back:
            past = ((self.latents, model_output), *self.past)
            self.past = past[: self.table.looks_back]
        self.latents = latents
        self.evaluations_done += 1

    def advance(self, model_output: torch.Tensor) -> None:
        """Complete an evaluation with the request's own noise scheduler. Not for requests with a
        table. `model_output`: (1, C, h, w)."""
        timestep = self.noise_scheduler.timesteps[self.evaluations_done]
        options = {"generator": self.generator} if self._takes_generator() else {}
        self.latents = self.noise_scheduler.step(
            model_output, timestep, self.latents, return_dict=False, **options
        )[0]
        self.evaluations_done += 1

    def _takes_generator(self) -> bool:
        return "generator" in inspect.signature(self.noise_scheduler.step).parameters


def initial_noise(
    shape: tuple[int, int, int], seed: int, sigma: float, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, torch.Generator]:
    """Latents (1, C, h, w) ~ N(0, sigma^2), and the generator that they were drawn from.

    Drawn on the CPU in the model's dtype, as diffusers does with a CPU generator, so that a seed
    gives the same noise on every device and in every batch.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    noise = torch.randn((1, *shape), generator=generator, dtype=dtype)
    return noise.to(device) * sigma, generator

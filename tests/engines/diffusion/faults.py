"""Models with faults: the real runner with a faulty family, and a faulty fake runner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from engines.diffusion.backends.sd import StableDiffusionFamily
from engines.diffusion.config import ModelEntry
from engines.diffusion.contract import AnyRunner, DecodedImage, RunnerInfo
from engines.diffusion.decoding.decode import Decoder
from engines.diffusion.models import tiny
from engines.diffusion.models.loras import LoraSwitch
from engines.diffusion.sampling import noise_schedules
from engines.diffusion.sampling.runner import ModelRunner
from engines.diffusion.sampling.text import EncodedPrompt, PromptEncoder
from engines.diffusion.sizes import SizeRule
from engines.testing.diffusion import FakeDenoising, FakeRunner


@dataclass
class FaultyFamily(StableDiffusionFamily):
    """The tiny model with faults: a forward pass of more than `rows_that_fit` rows runs out of
    memory, a row whose prompt is in `poisoned` becomes NaN, and a forward pass with a row in
    `broken` raises."""

    pipe: Any
    rows_that_fit: int = 1000
    poisoned: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    forwards: list[int] = field(default_factory=list)
    """Number of rows of each forward pass, also of those that failed."""
    decode_fails: bool = False

    def __post_init__(self) -> None:
        StableDiffusionFamily.__init__(self, self.pipe)

    def denoise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        prompts: Sequence[EncodedPrompt],
        size_px: tuple[int, int],
        denoiser: Callable[..., Any] | None = None,
    ) -> torch.Tensor:
        self.forwards.append(len(latents))
        if len(latents) > self.rows_that_fit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        if any(id(prompt) in self.broken for prompt in prompts):
            raise RuntimeError("a secret path: /root/weights")
        prediction = super().denoise(latents, timesteps, prompts, size_px, denoiser)
        for row, prompt in enumerate(prompts):
            if id(prompt) in self.poisoned:
                prediction[row] = float("nan")
        return prediction

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        if self.decode_fails:
            raise RuntimeError("the decoder is broken")
        return super().decode(latents)


def runner_over(family: StableDiffusionFamily) -> tuple[ModelRunner, PromptEncoder]:
    """The production runner with the given family."""
    encoder = PromptEncoder(family, "chunk", 64)
    pipe = family.pipe
    runner = ModelRunner(
        family,
        noise_schedules.chosen(None, pipe.scheduler),
        RunnerInfo("DDIMScheduler", "faulty", memory_bytes=1, sizes=SizeRule(8)),
        encoder,
        Decoder(family.decode),
        LoraSwitch(pipe, (), models_root=__import__("pathlib").Path()),
    )
    return runner, encoder


def faulty_family() -> FaultyFamily:
    return FaultyFamily(tiny.build_tiny_pipeline())


Choose = Callable[[], str]
"""Returns the fault of the next request: "fine", "oom", "step", "decode", "start" or "die"."""


class FaultyRunner(FakeRunner):
    """The fake runner with faults that the prompt selects: with "oom@3" the batch runs out of
    memory at the request's third step; with "step@2" only this request fails, at its second step;
    with "decode" or "start" it fails there; with "crowd" a batch of several requests runs out of
    memory."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = 0

    def start(self, requests: Sequence[Any]) -> list[FakeDenoising]:
        if any(each.prompt == "start" for each in requests):
            raise ValueError("cannot encode")
        self.alive += len(requests)
        return super().start(requests)

    def step(self, batch: Sequence[FakeDenoising]) -> list[Exception | None]:
        errors: list[Exception | None] = [None] * len(batch)
        for index, state in enumerate(batch):
            fault, _, at = state.request.prompt.partition("@")
            due = at != "" and state.evaluations_done + 1 == int(at)
            if (fault == "oom" and due) or (fault == "crowd" and len(batch) > 1):
                raise torch.OutOfMemoryError("CUDA out of memory")
            if fault == "step" and due:
                errors[index] = RuntimeError("this row only")
        super().step(batch)
        return errors

    def decode(self, denoising: FakeDenoising) -> DecodedImage:
        if denoising.request.prompt == "decode":
            raise RuntimeError("no picture")
        return super().decode(denoising)

    def abandon(self, denoising: FakeDenoising) -> None:
        self.alive -= 1


def always(runner: AnyRunner) -> Callable[[ModelEntry], AnyRunner]:
    """A loader that returns this runner for every model."""
    return lambda entry: runner

"""Runs batched denoising steps: one forward pass for the rows of many requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import torch

from engines.diffusion.decoding.decode import Decoder
from engines.diffusion.decoding.previews import LatentPreviewer
from engines.diffusion.denoiser.deep_features import SplitForward, can_split
from engines.diffusion.sampling import noise_schedules
from engines.diffusion.sampling.advancing import advance, column, guided_by
from engines.diffusion.sampling.text import EncodedPrompt, PromptEncoder, Wanted
from engines.diffusion.sampling.trajectory import Trajectory, initial_noise
from engines.diffusion.speed import SpeedModes, told
from engines.types import GenerationRequest

if TYPE_CHECKING:
    from engines.diffusion.backends.family import Family
    from engines.diffusion.contract import DecodedImage, RunnerInfo
    from engines.diffusion.denoiser.traced import TracedDenoiser
    from engines.diffusion.models.loras import LoraSwitch
    from engines.diffusion.sampling.noise_schedules import NoiseScheduler
    from engines.diffusion.sampling.recurrences import LinearTable
    from engines.diffusion.speed import Shortcuts

_TABLES = 256
"""Largest number of cached schedule tables; one per number of steps, of a few hundred floats."""


class ModelRunner:
    """Implements `contract.Runner` for families whose denoiser takes one timestep per row."""

    def __init__(
        self,
        family: Family,
        noise_scheduler: NoiseScheduler,
        info: RunnerInfo,
        encoder: PromptEncoder,
        decoder: Decoder,
        loras: LoraSwitch,
        release: Callable[[], None] = lambda: None,
        modes: SpeedModes | None = None,
        recording: TracedDenoiser | None = None,
    ) -> None:
        """`recording`: the family's denoiser if it is a `TracedDenoiser`; `warm` then makes it
        choose an implementation."""
        self._family: Family | None = family
        self._noise_scheduler = noise_scheduler
        self._info = info
        self._encoder = encoder
        self._decoder = decoder
        self._loras = loras
        self._release = release
        self._modes = modes or SpeedModes()
        self._recording = recording
        self._splits = can_split(family.pipe.unet)
        self._previewer: LatentPreviewer | None = None
        self._table = lru_cache(_TABLES)(self._make_table)
        unet = family.pipe.unet
        self._channels = int(unet.config.in_channels)
        self._device = unet.device
        self._dtype = unet.dtype
        self._native_px = int(unet.config.sample_size) * info.sizes.grid_px

    @property
    def info(self) -> RunnerInfo:
        """Properties of the model, read when it was loaded."""
        return self._info

    @property
    def family(self) -> Family:
        """The model's family with the loaded pipeline. Raises `RuntimeError` after `close`."""
        if self._family is None:
            raise RuntimeError("the model was unloaded")
        return self._family

    @torch.inference_mode()
    def start(self, requests: Sequence[GenerationRequest]) -> list[Trajectory]:
        self._loras.activate(requests[0].lora)
        wanted = [self._wanted(request) for request in requests]
        encoded = self._encoder.encode(each for pair in wanted for each in pair if each)
        return [
            self._trajectory(request, encoded[prompt], encoded[negative] if negative else None)
            for request, (prompt, negative) in zip(requests, wanted, strict=True)
        ]

    @torch.inference_mode()
    def step(self, trajectories: Sequence[Trajectory]) -> list[Exception | None]:
        """Advance all trajectories by one evaluation, in place; returns for each its error or
        None."""
        self._loras.activate(trajectories[0].request.lora)
        # Guided requests come first, so that guidance is one operation on a slice. Prompts with
        # different numbers of tokens cannot share a forward pass.
        order = sorted(trajectories, key=lambda each: (_text_length(each), not each.is_guided))
        groups = [list(group) for _, group in groupby(order, key=_text_length)]
        outputs = [self._predict(group) for group in groups]
        errors: dict[int, Exception] = {}
        for group, (latents, model_input, prediction, deep) in zip(groups, outputs, strict=True):
            self._keep_for_previews(group, model_input, prediction)
            _keep_deep(group, deep)
            errors |= advance(group, latents, prediction)
        return [errors.get(id(each)) for each in trajectories]

    @torch.inference_mode()
    def preview(self, trajectory: Trajectory, max_side_px: int) -> bytes:
        """A JPEG of the current estimate of the picture; its longer side is `max_side_px`."""
        if self._previewer is None:
            self._previewer = LatentPreviewer(
                self.family.decode, self._channels, self._noise_scheduler, self._latents_like()
            )
        return self._previewer.jpeg(trajectory, max_side_px)

    @torch.inference_mode()
    def decode(self, trajectory: Trajectory) -> DecodedImage:
        """The finished picture, with notes for the recipe."""
        request = trajectory.request
        image = self._decoder.decode(trajectory.latents, request.height, request.width)
        prompts = [trajectory.prompt, trajectory.negative]
        notes = [each.note for each in prompts if each is not None and each.note is not None]
        speed = told(
            request.speed or "exact",
            trajectory.shortcuts,
            trajectory.shortcuts.steps(request.num_inference_steps),
            self._modes.outer_layers,
        )
        if self._recording is not None and self._recording.note is not None:
            notes.append(self._recording.note)
        return replace(image, notes=(*notes, *image.notes), speed=speed)

    def abandon(self, trajectory: Trajectory) -> None:
        """Does nothing: the trajectory alone holds the request's state."""

    def warm(self) -> None:
        states = self.start([_nobodys(self._native_px, steps=1, guidance_scale=2.0)])
        self.step(states)
        if self._recording is not None:
            self._info.workers.aside(torch.inference_mode()(self._recording.choose))
        self.decode(states[0])

    def step_s(self, rows: int, side_px: int) -> float:
        states = self.start([_nobodys(side_px, steps=2, guidance_scale=1.0)] * rows)
        self.step(states)  # not measured: libraries choose their kernels for the shape
        began = self._now_s()
        self.step(states)
        return self._now_s() - began

    def _now_s(self) -> float:
        """Seconds for measuring: CPU time if the model runs on the CPU, since other processes
        hardly affect it; else wall time, after all work of the device has ended."""
        if self._device.type == "cpu":
            return time.process_time()
        torch.accelerator.synchronize()
        return time.perf_counter()

    def close(self) -> None:
        self._family = None
        self._previewer = None
        self._table.cache_clear()
        self._recording = None
        del self._encoder, self._decoder, self._loras
        self._info.workers.close()
        self._release()

    def _wanted(self, request: GenerationRequest) -> tuple[Wanted, Wanted | None]:
        """The prompt and, with guidance, the negative prompt to encode; both get as many text
        windows as the longer one needs."""
        windows = self._encoder.windows_of(request.prompt)
        if request.guidance_scale <= 1:
            return Wanted(request.prompt, windows, request.lora), None
        windows = max(windows, self._encoder.windows_of(request.negative_prompt))
        return (
            Wanted(request.prompt, windows, request.lora),
            Wanted(request.negative_prompt, windows, request.lora),
        )

    def _trajectory(
        self, request: GenerationRequest, prompt: EncodedPrompt, negative: EncodedPrompt | None
    ) -> Trajectory:
        shortcuts = self._shortcuts(request)
        steps = shortcuts.steps(request.num_inference_steps)
        table = self._table(steps)
        noise_scheduler = None
        if table is None:
            noise_scheduler = noise_schedules.fresh(self._noise_scheduler)
            # On the CPU, because reading a timestep from a GPU waits for all its queued work.
            noise_scheduler.set_timesteps(steps, device=torch.device("cpu"))
            sigma = float(noise_scheduler.init_noise_sigma)
        else:
            sigma = table.init_noise_sigma
        shape = (self._channels, *self._info.sizes.latent(request.height, request.width))
        latents, generator = initial_noise(shape, request.seed, sigma, self._dtype, self._device)
        return Trajectory(
            request, latents, prompt, negative, generator, table, noise_scheduler, shortcuts
        )

    def _shortcuts(self, request: GenerationRequest) -> Shortcuts:
        """The shortcuts of the request's speed mode that this model supports."""
        shortcuts = self._modes.of(request.speed or "exact")
        if self._splits:
            return shortcuts
        return shortcuts.model_copy(update={"deep_features_every": 1})

    def _make_table(self, num_inference_steps: int) -> LinearTable | None:
        return noise_schedules.linear_table(self._noise_scheduler, num_inference_steps)

    def _predict(
        self, group: Sequence[Trajectory]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Sequence[torch.Tensor | None]]:
        """The latents, denoiser inputs and guided predictions of n requests, each (n, C, h, w), and
        the deep features of all rows if a request reuses them. Guided requests must come first.

        Changes no request.
        """
        guided = sum(each.is_guided for each in group)
        latents = torch.cat([each.latents for each in group])
        model_input = self._scaled(group, latents)
        times = [each.timestep for each in group]
        split = self._split(group, guided)
        prediction = self.family.denoise(
            torch.cat([model_input, model_input[:guided]]),
            torch.tensor(times + times[:guided], device=self._device),
            [each.prompt for each in group]
            + [each.negative for each in group[:guided] if each.negative is not None],
            self._size_px(latents),
            split,
        )
        deep = split.kept if split else ()
        return latents, model_input, guided_by(prediction, group, guided), deep

    def _split(self, group: Sequence[Trajectory], guided: int) -> SplitForward | None:
        """A forward pass that can reuse deep features; None if no request of the group does."""
        if not any(each.reuses for each in group):
            return None
        kept = [each.reusable() for each in group]
        rows = [mine for mine, _ in kept] + [unguided for _, unguided in kept[:guided]]
        return SplitForward(self.family.pipe.unet, rows, self._modes.outer_layers)

    def _scaled(self, group: Sequence[Trajectory], latents: torch.Tensor) -> torch.Tensor:
        if any(each.table is None for each in group):
            return torch.cat([each.scaled_latents() for each in group])
        factors = [each.table.model_input[each.evaluations_done] for each in group if each.table]
        if all(factor == 1.0 for factor in factors):
            return latents
        return (latents * column(factors, latents)).to(latents.dtype)

    def _size_px(self, latents: torch.Tensor) -> tuple[int, int]:
        grid_px = self._info.sizes.grid_px
        return latents.shape[-2] * grid_px, latents.shape[-1] * grid_px

    def _latents_like(self) -> torch.Tensor:
        return torch.empty(0, dtype=self._dtype, device=self._device)

    @staticmethod
    def _keep_for_previews(
        group: Sequence[Trajectory], model_input: torch.Tensor, prediction: torch.Tensor
    ) -> None:
        for row, each in enumerate(group):
            if each.request.previews:
                each.model_input = model_input[row : row + 1].clone()
                each.model_output = prediction[row : row + 1].clone()
                each.predicted_at = each.timestep


def _nobodys(side_px: int, steps: int, guidance_scale: float) -> GenerationRequest:
    """A request for warming up and measuring."""
    return GenerationRequest(
        image_id="warm-up",
        prompt="",
        model_id="",
        width=side_px,
        height=side_px,
        num_inference_steps=steps,
        guidance_scale=guidance_scale,
        seed=0,
    )


def _keep_deep(group: Sequence[Trajectory], deep: Sequence[torch.Tensor | None]) -> None:
    """Store deep features in the trajectories. `deep`: features of the conditional rows, then of
    the unconditional rows; empty if no request reuses them."""
    for row, each in enumerate(group):
        if deep and each.reuses:
            without = deep[len(group) + row] if len(group) + row < len(deep) else None
            each.deep = deep[row], without


def _text_length(trajectory: Trajectory) -> int:
    return int(trajectory.prompt.states.shape[1])

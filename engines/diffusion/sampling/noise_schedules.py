"""diffusers' noise schedulers: which ones the config allows, and the table of a schedule.

Rows advance together by their tables (`recurrences`). A request whose schedule has none steps in
an instance of its own.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import diffusers
import torch

from engines.diffusion.sampling.recurrences import LinearTable, table_of

if TYPE_CHECKING:
    from engines.diffusion.config import NoiseSchedulerName

_CLASSES: dict[NoiseSchedulerName, tuple[str, dict[str, str | bool]]] = {
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "dpmsolver++": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpmsolver++-singlestep": (
        "DPMSolverSinglestepScheduler",
        {"algorithm_type": "dpmsolver++"},
    ),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
}


class NoiseScheduler(Protocol):
    """The part of diffusers' schedulers that a denoising loop uses."""

    config: Any
    timesteps: torch.Tensor
    init_noise_sigma: float | torch.Tensor
    alphas_cumprod: torch.Tensor
    order: int

    def set_timesteps(self, num_inference_steps: int, device: torch.device | None = None) -> None:
        """Begin anew with this number of steps."""

    def scale_model_input(self, sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """The model's input for this sample."""


def chosen(name: NoiseSchedulerName | None, own: NoiseScheduler) -> NoiseScheduler:
    """The model's own noise scheduler, or the named one with the model's training schedule."""
    scheduler: NoiseScheduler
    if name is None:
        scheduler = type(own).from_config(own.config)  # type: ignore[attr-defined]
    else:
        class_name, options = _CLASSES[name]
        scheduler = getattr(diffusers, class_name).from_config(own.config, **options)
    return scheduler


def fresh(template: NoiseScheduler) -> NoiseScheduler:
    """Another instance without state; the template itself must never have stepped.

    A copy, because constructors lay out all 1000 training steps first: 2 ms and more, against 0.05.
    `set_timesteps` replaces every tensor; lists may be changed in place, so each gets its own.
    """
    instance = copy.copy(template)
    for name, value in vars(template).items():
        if isinstance(value, list):
            setattr(instance, name, list(value))
    return instance


def linear_table(template: NoiseScheduler, num_inference_steps: int) -> LinearTable | None:
    """Of a schedule of so many steps; None where the class is not linear (clipping,
    thresholding), or a weight is not finite."""
    if template.config.get("clip_sample") or template.config.get("thresholding"):
        return None
    scheduler, shadow = fresh(template), fresh(template)
    for each in (scheduler, shadow):
        each.set_timesteps(num_inference_steps)
    return table_of(scheduler, shadow)

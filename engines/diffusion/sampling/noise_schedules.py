"""diffusers' noise schedulers: which ones the config allows, and the table of a schedule.

Requests whose schedule has a table (`recurrences`) advance together. A request whose schedule has
none gets its own instance of the noise scheduler.
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
        """Reset the schedule to this number of steps."""

    def scale_model_input(self, sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """The denoiser's input for this sample, in the shape of `sample`."""


def chosen(name: NoiseSchedulerName | None, own: NoiseScheduler) -> NoiseScheduler:
    """A new noise scheduler with the model's training schedule, of the named kind or, for None, of
    the model's own class."""
    scheduler: NoiseScheduler
    if name is None:
        scheduler = type(own).from_config(own.config)  # type: ignore[attr-defined]
    else:
        class_name, options = _CLASSES[name]
        scheduler = getattr(diffusers, class_name).from_config(own.config, **options)
    return scheduler


def fresh(template: NoiseScheduler) -> NoiseScheduler:
    """A new instance, ready for `set_timesteps`. The template must never have stepped.

    Made by copying, which takes 0.05 ms; a constructor computes all 1000 training steps and takes
    2 ms or more. Tensors are shared, because `set_timesteps` replaces them; lists are copied,
    because they may be changed in place.
    """
    instance = copy.copy(template)
    for name, value in vars(template).items():
        if isinstance(value, list):
            setattr(instance, name, list(value))
    return instance


def linear_table(template: NoiseScheduler, num_inference_steps: int) -> LinearTable | None:
    """The table of a schedule of `num_inference_steps`; None if the noise scheduler is not linear
    (because of clipping or thresholding) or a weight is not finite."""
    if template.config.get("clip_sample") or template.config.get("thresholding"):
        return None
    scheduler, shadow = fresh(template), fresh(template)
    for each in (scheduler, shadow):
        each.set_timesteps(num_inference_steps)
    return table_of(scheduler, shadow)

"""diffusers' noise schedulers: which ones the config allows, and a fast path for the simplest.

A one-step deterministic noise scheduler (DDIM with eta = 0, Euler without churn) is linear in the
sample x and the model's output o: x' = a_i x + b_i o, on the model input c_i x. We read a_i, b_i
and c_i off the real class by stepping it on the basis vectors, so no formula is written twice,
and then advance every row of a batch in one operation. All others step in their own instance.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import diffusers
import torch

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
_LINEAR = ("DDIMScheduler", "EulerDiscreteScheduler")


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


@dataclass(frozen=True, slots=True)
class LinearTable:
    """Coefficients of every step, for one number of steps; three floats per evaluation."""

    timesteps: tuple[float, ...]
    sample: tuple[float, ...]
    """a_i."""
    output: tuple[float, ...]
    """b_i."""
    model_input: tuple[float, ...]
    """c_i."""
    init_noise_sigma: float


def linear_table(template: NoiseScheduler, num_inference_steps: int) -> LinearTable | None:
    """Read the coefficients off a fresh instance; None where it is not linear and memoryless
    (another class, clipping, thresholding, or a coefficient that is not finite)."""
    if type(template).__name__ not in _LINEAR:
        return None
    if template.config.get("clip_sample") or template.config.get("thresholding"):
        return None
    scheduler = fresh(template)
    scheduler.set_timesteps(num_inference_steps)
    rows = [_coefficients(scheduler, timestep) for timestep in scheduler.timesteps]
    coefficients = torch.tensor(rows)
    if not bool(coefficients.isfinite().all()):
        return None
    sample, output, model_input = zip(*rows, strict=True)
    return LinearTable(
        timesteps=tuple(scheduler.timesteps.tolist()),
        sample=sample,
        output=output,
        model_input=model_input,
        init_noise_sigma=float(scheduler.init_noise_sigma),
    )


def _coefficients(scheduler: Any, timestep: torch.Tensor) -> tuple[float, float, float]:
    model_input = scheduler.scale_model_input(torch.ones(1), timestep)
    basis_x, basis_o = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    moved = scheduler.step(basis_o, timestep, basis_x, return_dict=False)[0]
    return float(moved[0]), float(moved[1]), float(model_input[0])

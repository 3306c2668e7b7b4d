"""Noise schedulers as tables of numbers, so that a whole batch advances in a few operations.

The noise schedulers that the config allows are linear: each new sample is a weighted sum of earlier
samples, earlier model outputs and fresh noise. The same holds for the values that a scheduler
stores between steps, such as converted outputs. The weights are found by running the real diffusers
class on basis vectors over a whole schedule, so its formulas are not repeated here.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    """A sample or output, as coefficients of the first sample and of all outputs, (count + 1,)."""

_WINDOWS = ((1, 1), (1, 2), (1, 3), (1, 4), (2, 3), (3, 4), (4, 4))
"""How many earlier samples and outputs a step may depend on; tried in this order until one
reproduces the next sample."""
_EXACT = 1e-7
"""Largest relative error at which a sample counts as reproduced; diffusers' classes compute in
float32 or float64."""
_SEED = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of evaluation i: the next sample is the sum over k of samples[k] x_(i-k) and of
    outputs[k] o_(i-k), plus noise z, with samples x, model outputs o and standard normal z."""

    samples: tuple[float, ...]
    outputs: tuple[float, ...]
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class LinearTable:
    """A whole schedule, with one entry per evaluation."""

    timesteps: tuple[float, ...]
    model_input: tuple[float, ...]
    """Factors by which the sample is multiplied to give the denoiser's input."""
    weights: tuple[Weights, ...]
    init_noise_sigma: float

    @property
    def looks_back(self) -> int:
        """How many evaluations before the current one a step needs."""
        return max(max(len(each.samples), len(each.outputs)) for each in self.weights) - 1


@dataclass(slots=True)
class _Traced:
    """One evaluation of the real class on basis vectors."""

    model_input: float
    moved: Vector
    noise: float


def table_of(scheduler: Any, shadow: Any) -> LinearTable | None:
    """The table of a noise scheduler whose timesteps are set.

    `shadow`: a second instance with the same timesteps. Both are stepped and cannot be used again.
    None if the scheduler is not linear or a weight is not finite.
    """
    timesteps = tuple(scheduler.timesteps.tolist())
    traced = list(_trace(scheduler, shadow))
    if not all(np.isfinite(each.moved).all() for each in traced):
        return None
    basis = np.eye(len(timesteps) + 1)
    samples = [basis[0], *(each.moved for each in traced)]
    weights = []
    for index, each in enumerate(traced):
        found = _solve(samples[: index + 1], [*basis[1 : index + 2]], each.moved)
        if found is None:
            return None
        weights.append(Weights(*found, each.noise))
    model_input = tuple(each.model_input for each in traced)
    return LinearTable(timesteps, model_input, tuple(weights), float(scheduler.init_noise_sigma))


def _trace(scheduler: Any, shadow: Any) -> Iterator[_Traced]:
    """Step both instances with the same noise, the shadow on zeros.

    The shadow's result is the contribution of the noise, which is subtracted from the other's.
    """
    count = len(scheduler.timesteps)
    basis = torch.eye(count + 1, dtype=torch.float64)
    drawn = "generator" in inspect.signature(scheduler.step).parameters
    sample = basis[:1]
    for index, timestep in enumerate(scheduler.timesteps):
        model_input = float(scheduler.scale_model_input(torch.ones(1, 1).double(), timestep))
        shadow.scale_model_input(torch.ones(1, 1).double(), timestep)
        options = [_options(index) if drawn else {} for _ in range(2)]
        output, nothing = basis[index + 1 : index + 2], torch.zeros_like(sample)
        moved = scheduler.step(output, timestep, sample, return_dict=False, **options[0])[0]
        silent = shadow.step(nothing, timestep, nothing, return_dict=False, **options[1])[0]
        sample = (moved - silent).double()
        yield _Traced(model_input, sample[0].numpy(), _noise_weight(silent, index))


def _options(index: int) -> dict[str, Any]:
    return {"generator": torch.Generator("cpu").manual_seed(_SEED + index)}


def _noise_weight(silent: torch.Tensor, index: int) -> float:
    """The factor of the noise in `silent`, the result for zero inputs."""
    if not bool(silent.any()):
        return 0.0
    noise = torch.randn(silent.shape, dtype=torch.float64, **_options(index))
    place = int(noise.abs().argmax())
    return float(silent.flatten()[place] / noise.flatten()[place])


def _solve(
    samples: Sequence[Vector], outputs: Sequence[Vector], target: Vector
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Weights of the last samples and outputs, newest first, whose weighted sum is `target`; None
    if no window of `_WINDOWS` gives it."""
    for most_samples, most_outputs in _WINDOWS:
        newest = [*reversed(samples[-most_samples:])]
        given = [*reversed(outputs[-most_outputs:])]
        vectors = np.stack([*newest, *given], axis=1)
        solution, *_ = np.linalg.lstsq(vectors, target, rcond=1e-9)
        if np.linalg.norm(vectors @ solution - target) <= _EXACT * np.linalg.norm(target):
            weights = [float(each) for each in solution]
            return tuple(weights[: len(newest)]), tuple(weights[len(newest) :])
    return None

"""A noise scheduler as numbers: how each evaluation's latents follow from the last few.

Every noise scheduler that we allow is linear: its new sample is a weighted sum of the samples and
model outputs before it, and of fresh noise where it draws some. The weights are read off the real
class, by stepping it on basis vectors over its whole schedule, so that no formula is written twice.
Then all rows of a batch advance together, in a few operations, whatever the class remembers
inside (converted outputs, corrected samples): what it remembers is itself such a sum.
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
    """A sample or an output in terms of the first sample and all outputs."""

_WINDOWS = ((1, 1), (1, 2), (1, 3), (1, 4), (2, 3), (3, 4), (4, 4))
"""Samples and outputs to look back at, tried in this order until they give the next sample."""
_EXACT = 1e-7
"""Relative distance at which they do. The class computes in float32 or float64."""
_SEED = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one evaluation: x' = sum of samples[k] x_(i-k) + sum of outputs[k] o_(i-k) + noise z."""

    samples: tuple[float, ...]
    outputs: tuple[float, ...]
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class LinearTable:
    """A whole schedule; one entry for each evaluation."""

    timesteps: tuple[float, ...]
    model_input: tuple[float, ...]
    """The model gets so many times the sample."""
    weights: tuple[Weights, ...]
    init_noise_sigma: float

    @property
    def looks_back(self) -> int:
        """Evaluations before the last one that are needed."""
        return max(max(len(each.samples), len(each.outputs)) for each in self.weights) - 1


@dataclass(slots=True)
class _Traced:
    """One evaluation of the real class on basis vectors."""

    model_input: float
    moved: Vector
    noise: float


def table_of(scheduler: Any, shadow: Any) -> LinearTable | None:
    """The table of a noise scheduler whose timesteps are set, and of which `shadow` is another
    instance; both are used up. None where it is not such a sum of finite numbers."""
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
    """Both take the same steps with the same noise, the shadow on zeros: so what it gives is the
    noise's part alone."""
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
    """How many times the noise it is."""
    if not bool(silent.any()):
        return 0.0
    noise = torch.randn(silent.shape, dtype=torch.float64, **_options(index))
    place = int(noise.abs().argmax())
    return float(silent.flatten()[place] / noise.flatten()[place])


def _solve(
    samples: Sequence[Vector], outputs: Sequence[Vector], target: Vector
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Weights of the newest samples and outputs, the newest first, whose sum is the target."""
    for most_samples, most_outputs in _WINDOWS:
        newest = [*reversed(samples[-most_samples:])]
        given = [*reversed(outputs[-most_outputs:])]
        vectors = np.stack([*newest, *given], axis=1)
        solution, *_ = np.linalg.lstsq(vectors, target, rcond=1e-9)
        if np.linalg.norm(vectors @ solution - target) <= _EXACT * np.linalg.norm(target):
            weights = [float(each) for each in solution]
            return tuple(weights[: len(newest)]), tuple(weights[len(newest) :])
    return None

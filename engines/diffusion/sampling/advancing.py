"""What comes after a forward: guidance, and one step of every request's noise scheduler."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch

from engines.diffusion.sampling.rescale import rescaled

if TYPE_CHECKING:
    from engines.diffusion.sampling.trajectory import Trajectory


def guided_by(prediction: torch.Tensor, group: Sequence[Trajectory], guided: int) -> torch.Tensor:
    """Classifier-free guidance (Ho and Salimans, 2022, as diffusers writes it): u + g (c - u),
    then the contrast that it adds taken back as far as each request wants.

    `prediction`: (n + guided, C, h, w), conditional rows of all, then unconditional rows of the
    first `guided`. Returns (n, C, h, w).
    """
    if guided == 0:
        # A clone: a compiled denoiser with CUDA graphs overwrites its output at its next call.
        return prediction.clone()
    conditional, unconditional = prediction[: len(group)], prediction[len(group) :]
    scales = column((each.request.guidance_scale for each in group[:guided]), prediction)
    mixed = unconditional + scales * (conditional[:guided] - unconditional)
    amounts = [each.request.guidance_rescale or 0.0 for each in group[:guided]]
    mixed = rescaled(mixed, conditional[:guided], amounts)
    return torch.cat([mixed.to(prediction.dtype), conditional[guided:]])


def advance(
    group: Sequence[Trajectory], latents: torch.Tensor, prediction: torch.Tensor
) -> dict[int, Exception]:
    """Move every request one evaluation on; returns what failed, by `id` of the trajectory."""
    if group[0].table is not None:
        tables = [(each.table, each.evaluations_done) for each in group if each.table]
        a = column((table.sample[i] for table, i in tables), latents)
        b = column((table.output[i] for table, i in tables), latents)
        moved = torch.addcmul(a * latents, b, prediction).to(latents.dtype)
        for each, row in zip(group, moved.split(1), strict=True):
            each.latents = row
            each.evaluations_done += 1
        return {}
    errors: dict[int, Exception] = {}
    for each, row in zip(group, prediction.split(1), strict=True):
        try:
            each.advance(row)
        except Exception as error:  # noqa: BLE001 - it ends this request, not its neighbors
            errors[id(each)] = error
    return errors


def column(values: Iterable[float], like: torch.Tensor) -> torch.Tensor:
    """(n, 1, 1, 1) float32 on the device of `like`: coefficients are not rounded to half."""
    return torch.tensor(list(values), dtype=torch.float32, device=like.device).view(-1, 1, 1, 1)

"""After a forward pass: apply guidance, and one noise scheduler step for every request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from engines.diffusion.sampling.trajectory import Trajectory


def guided_by(prediction: torch.Tensor, group: Sequence[Trajectory], guided: int) -> torch.Tensor:
    """Classifier-free guidance (Ho and Salimans, 2022, in diffusers' form): u + g (c - u), then
    `rescaled` by each request's `guidance_rescale`.

    `prediction`: (n + guided, C, h, w): the conditional rows of all n requests, then the
    unconditional rows of the first `guided` requests. Returns (n, C, h, w).
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
    """Advance every request by one evaluation, in place.

    `latents` and `prediction`: (n, C, h, w). Returns the errors of single requests, by the `id()`
    of their trajectory.
    """
    tabled = [row for row, each in enumerate(group) if each.table is not None]
    if len(tabled) == len(group):
        _together(group, latents, prediction)
        return {}
    if tabled:
        _together([group[row] for row in tabled], latents[tabled], prediction[tabled])
    errors: dict[int, Exception] = {}
    for each, row in zip(group, prediction.split(1), strict=True):
        try:
            if each.table is None:
                each.advance(row)
        except Exception as error:  # noqa: BLE001 - it ends this request, not its neighbors
            errors[id(each)] = error
    return errors


def _together(group: Sequence[Trajectory], latents: torch.Tensor, prediction: torch.Tensor) -> None:
    """Advance all requests by their tables. `latents` and `prediction`: (n, C, h, w)."""
    weights = [each.table.weights[each.evaluations_done] for each in group if each.table]
    moved = column((each.samples[0] for each in weights), latents) * latents
    moved.addcmul_(column((each.outputs[0] for each in weights), latents), prediction)
    depth = max(max(len(each.samples), len(each.outputs)) for each in weights)
    for back in range(1, depth):
        _add(moved, [_at(each.samples, back) for each in weights], _past(group, back, 0))
        _add(moved, [_at(each.outputs, back) for each in weights], _past(group, back, 1))
    if any(each.noise for each in weights):
        drawn = [each.drawn(row.noise) for each, row in zip(group, weights, strict=True)]
        _add(moved, [each.noise for each in weights], drawn)
    rows = moved.to(latents.dtype).split(1)
    for each, row, output in zip(group, rows, prediction.split(1), strict=True):
        each.move(row, output)


def _add(moved: torch.Tensor, weights: Sequence[float], rows: Sequence[torch.Tensor]) -> None:
    """Add weight times row, (1, C, h, w) each, to the row of `moved` at the same index."""
    if any(weights):
        moved.addcmul_(column(weights, moved), torch.cat(list(rows)))


def _at(weights: Sequence[float], back: int) -> float:
    return weights[back] if back < len(weights) else 0.0


def _past(group: Sequence[Trajectory], back: int, which: int) -> list[torch.Tensor]:
    """The latents (`which` 0) or model outputs (1) of `back` evaluations ago; for a request without
    them its present latents, whose weight is 0."""
    return [
        each.past[back - 1][which] if back <= len(each.past) else each.latents for each in group
    ]


def column(values: Iterable[float], like: torch.Tensor) -> torch.Tensor:
    """The values as float32 (n, 1, 1, 1) on the device of `like`; float32 so that coefficients are
    not rounded to half precision."""
    return torch.tensor(list(values), dtype=torch.float32, device=like.device).view(-1, 1, 1, 1)


def rescaled(
    guided: torch.Tensor, conditional: torch.Tensor, amounts: Sequence[float]
) -> torch.Tensor:
    """Guided predictions (n, C, h, w), rescaled to the contrast of the conditional ones.

    Lin et al., 2023 (arXiv:2305.08891, section 3.4), in the form of diffusers'
    `rescale_noise_cfg`: r x (guided x sd(conditional) / sd(guided)) + (1 - r) x guided, with the
    standard deviation sd of each row and one r, 0..1, per row (`amounts`). Rows with r = 0 are
    returned unchanged.
    """
    if not any(amounts):
        return guided
    changed = torch.tensor([amount > 0 for amount in amounts], device=guided.device)
    r = torch.tensor(amounts, dtype=torch.float32, device=guided.device).view(-1, 1, 1, 1)
    spread = _sd(conditional.float()) / _sd(guided.float()).clamp_min(1e-12)
    mixed = r * (guided * spread) + (1 - r) * guided
    return torch.where(changed.view(-1, 1, 1, 1), mixed.to(guided.dtype), guided)


def _sd(rows: torch.Tensor) -> torch.Tensor:
    """Standard deviation of each row, (n, 1, 1, 1)."""
    return rows.std(dim=(1, 2, 3), keepdim=True)

"""Guidance rescale: the contrast that guidance adds, taken back."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def rescaled(
    guided: torch.Tensor, conditional: torch.Tensor, amounts: Sequence[float]
) -> torch.Tensor:
    """Guided predictions (n, C, h, w) brought back towards the spread of the conditional ones.

    Lin et al., 2023 (arXiv:2305.08891, section 3.4), as diffusers' `rescale_noise_cfg` writes it:
    r x (guided x sd(conditional) / sd(guided)) + (1 - r) x guided, with the sd of each row and one
    r, 0..1, for each row (`amounts`). Rows with 0 come back bit for bit.
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

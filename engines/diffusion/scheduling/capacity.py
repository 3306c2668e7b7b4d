"""How many requests one engine can use at once: what its queues and its autoscaling aim at.

Everything follows from the budget of a step. More requests than fill the steps add waiting and no
throughput, so that is where another replica is worth having. Pure: no torch, no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.diffusion.config import EngineConfig
    from engines.diffusion.sizes import SizeRule

GUIDED_ROWS = 2
"""Rows of a request with classifier-free guidance, the usual kind."""
_ROUTER_QUEUE_TURNS = 8
_LEAST_ROUTER_QUEUE = 64


@dataclass(frozen=True, slots=True)
class Capacity:
    """Bounds of one replica, in requests."""

    target_ongoing_requests: int
    """Fills every step: autoscaling adds a replica beyond it."""
    max_ongoing_requests: int
    """In the engine at once. The rest waits in Serve's router, for whichever replica is free."""
    max_queued_requests: int
    """Waiting in each router; beyond it a request is refused as OVERLOADED."""


def guided_requests_in_step(budget_px: int, native_size_px: int, sizes: SizeRule) -> int:
    """Guided square requests of the model's native size that share one step; at least 1, since
    a request larger than the budget runs alone.

    `budget_px` is in latent pixels, `native_size_px` in pixels of the picture.
    """
    height, width = sizes.latent(native_size_px, native_size_px)
    return max(1, budget_px // (GUIDED_ROWS * height * width))


def capacity(config: EngineConfig, size_rules: Mapping[str, SizeRule]) -> Capacity:
    """Bounds for a replica of this engine; `size_rules` has every model's, by its id.

    Of several models the costliest sets the target (its steps are full first), the cheapest what
    may be inside: as many as fill a step where nobody uses guidance, which, with guidance, is one
    step's worth running and one at hand. Never more than the engine itself would queue.
    """
    in_step = [
        guided_requests_in_step(config.max_step_latent_px, each.native_size_px, size_rules[each.id])
        for each in config.models
    ]
    max_ongoing = min(GUIDED_ROWS * max(in_step), config.max_queued)
    return Capacity(
        target_ongoing_requests=min(*in_step, max_ongoing),
        max_ongoing_requests=max_ongoing,
        max_queued_requests=max(_ROUTER_QUEUE_TURNS * max_ongoing, _LEAST_ROUTER_QUEUE),
    )

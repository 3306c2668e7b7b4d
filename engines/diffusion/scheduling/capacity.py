"""How many requests one engine should hold: the numbers for its queues and its autoscaling.

They follow from the size of a step. More requests than fill a step only wait, so beyond that
another replica is needed. Imports no torch and reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.diffusion.config import EngineConfig
    from engines.diffusion.sizes import SizeRule

GUIDED_ROWS = 2
"""Rows of a request with classifier-free guidance."""
_ROUTER_QUEUE_TURNS = 8
_LEAST_ROUTER_QUEUE = 64


@dataclass(frozen=True, slots=True)
class Capacity:
    """Limits of one replica, in requests; Ray Serve's options of the same names."""

    target_ongoing_requests: int
    """As many as fill a step; above it, autoscaling adds a replica."""
    max_ongoing_requests: int
    """Most requests in the engine. Others wait in Serve's router for any free replica."""
    max_queued_requests: int
    """Most requests waiting in each router; more are refused as OVERLOADED."""


def guided_requests_in_step(budget_px: int, native_size_px: int, sizes: SizeRule) -> int:
    """How many guided square requests of the model's native size fit into one step, at least 1.

    `budget_px`: latent pixels; `native_size_px`: pixels of the picture.
    """
    height, width = sizes.latent(native_size_px, native_size_px)
    return max(1, budget_px // (GUIDED_ROWS * height * width))


def capacity(config: EngineConfig, size_rules: Mapping[str, SizeRule]) -> Capacity:
    """The limits for a replica of this engine. `size_rules`: model id to the model's rule.

    Of several models, the one with the fewest requests per step sets the target, because its steps
    are the first to be full. The one with the most sets the maximum: the number of requests without
    guidance that fill a step. Of guided requests, that number fills two steps: one that runs, and
    one that waits. The maximum is at most `config.max_queued`.
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

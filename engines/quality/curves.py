"""Functions that turn a measured value into a factor from 0 to 1."""

from __future__ import annotations

import math

_LEAST = -700.0
"""Below this value the logistic function is 0 within 1e-300, and `exp` would overflow."""


def smoothstep(value: float, start: float, end: float) -> float:
    """0 below `start`, 1 above `end`, and a smooth cubic in between."""
    share = min(max((value - start) / (end - start), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)): 0.5 at 0."""
    return 1 / (1 + math.exp(-max(value, _LEAST)))


def halving(value: float, half: float) -> float:
    """1 / (1 + value / half): 1 at 0, 0.5 at `half`."""
    return 1 / (1 + value / half)

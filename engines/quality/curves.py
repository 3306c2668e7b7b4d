"""Curves from what was measured to a factor, 0..1."""

from __future__ import annotations

import math

_LEAST = -700.0
"""From here down the logistic curve is 0 to 300 digits, and `exp` would overflow."""


def smoothstep(value: float, start: float, end: float) -> float:
    """0 below `start`, 1 above `end`, a cubic without corners between."""
    share = min(max((value - start) / (end - start), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def logistic(value: float) -> float:
    """0 far below 0, a half at 0, 1 far above."""
    return 1 / (1 + math.exp(-max(value, _LEAST)))


def halving(value: float, half: float) -> float:
    """1 at 0, a half at `half`."""
    return 1 / (1 + value / half)

"""Curves from what was measured to a factor, 0..1."""

from __future__ import annotations

import math


def smoothstep(value: float, start: float, end: float) -> float:
    """0 below `start`, 1 above `end`, a cubic without corners between."""
    share = min(max((value - start) / (end - start), 0.0), 1.0)
    return share * share * (3 - 2 * share)


def logistic(value: float) -> float:
    """0 far below 0, a half at 0, 1 far above."""
    return 1 / (1 + math.exp(-value))


def halving(value: float, half: float) -> float:
    """1 at 0, a half at `half`."""
    return 1 / (1 + value / half)

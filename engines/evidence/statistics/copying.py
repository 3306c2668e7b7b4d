"""Tests whether generated images are nearer to the real images than other real images are.

A distance alone has no meaning, because typical distances differ between sets. So the real set is
split into two halves, and one half is the control for the other (Meehan, Chaudhuri, Dasgupta, "A
Non-Parametric Test to Detect Data-Copying in Generative Models", AISTATS 2020, the global test).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engines.evidence.statistics.beta_binomial import chance_of_at_least
from engines.evidence.statistics.rows import ArrayRows, Rows, gathered, nearest, sample
from engines.protocols import StopCheck, never_stopped

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAIL = 0.01
FEWEST = 20
"""Fewest real images for the test."""


@dataclass(frozen=True, slots=True)
class Copying:
    """The result of the test. Each half of the real set is once the control of the other. Of the
    two results, the one with the smaller p-value is reported."""

    effect: float
    """Probability that a generated image is nearer to one half of the real images than an image of
    the other half is. 0.5 without copying; near 1 if many images are copies."""
    p_value: float
    """One-sided Mann-Whitney test of `effect`, corrected for two directions."""
    tail_share: float
    """Share of generated images that are nearer than the nearest 1 % of the held-out real ones."""
    tail_expected: float
    """The expected share without copying."""
    tail_p_value: float
    """Probability of such a share without copying. It finds a few copies among many good images."""
    median_made: float
    median_control: float
    """Median distances, Euclidean."""


def copying(
    real: NDArray[np.float32], made: Rows, seed: int = 0, stop: StopCheck = never_stopped
) -> Copying:
    """Test `made` (m, d) against `real`, float32 (n, d), for copying. `seed` splits the real set.

    Raises:
        ValueError: `real` has fewer than `FEWEST` rows, or `made` has none.
    """
    if len(real) < FEWEST or len(made) == 0:
        raise ValueError(f"at least {FEWEST} real vectors and a made one")
    order = np.random.default_rng(seed).permutation(len(real))
    halves = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
    directions = [
        _direction(ArrayRows(kept), ArrayRows(held), made, stop)
        for kept, held in (halves, halves[::-1])
    ]
    worse = min(directions, key=lambda each: (each.p_value, -each.effect))
    tail = min(directions, key=lambda each: (each.tail_p_value, -each.tail_share))
    return Copying(
        worse.effect,
        min(1.0, 2 * worse.p_value),
        tail.tail_share,
        tail.tail_expected,
        min(1.0, 2 * tail.tail_p_value),
        worse.median_made,
        worse.median_control,
    )


def _direction(kept: Rows, held: Rows, made: Rows, stop: StopCheck) -> Copying:
    control = nearest(held, kept, 1, stop=stop).distances[:, 0]
    own = nearest(made, kept, 1, stop=stop).distances[:, 0]
    effect, p_value = nearer(own, control)
    share, expected, tail_p = nearer_than_tail(own, control)
    medians = float(np.median(own)), float(np.median(control))
    return Copying(effect, p_value, share, expected, tail_p, *medians)


def nearer(own: NDArray[np.float32], control: NDArray[np.float32]) -> tuple[float, float]:
    """The probability that a value of `own` is below a value of `control` (ties count half), and
    the one-sided p-value of the hypothesis that it is above 0.5 (Mann and Whitney 1947, normal
    approximation)."""
    ordered = np.sort(control)
    below = len(control) - np.searchsorted(ordered, own, side="right")
    ties = np.searchsorted(ordered, own, side="right") - np.searchsorted(ordered, own, side="left")
    wins = float((below + ties / 2).sum())
    pairs = len(own) * len(control)
    deviation = math.sqrt(pairs * (len(own) + len(control) + 1) / 12)
    p_value = 0.5 * math.erfc((wins - pairs / 2) / deviation / math.sqrt(2))
    return wins / pairs, p_value


def nearer_than_tail(
    own: NDArray[np.float32], control: NDArray[np.float32], tail: float = TAIL
) -> tuple[float, float, float]:
    """The share of `own` below the r-th smallest value of `control`, the expected share, and the
    p-value. r is the share `tail` of the n values in `control`, at least 1.

    If both have the same distribution, the number of m values below the r-th of n has a
    beta-binomial distribution with shape parameters (r, n + 1 - r).
    """
    rank = max(1, int(tail * len(control)))
    bound = np.partition(control, rank - 1)[rank - 1]
    found = int((own < bound).sum())
    a, b = float(rank), float(len(control) + 1 - rank)
    return found / len(own), a / (a + b), chance_of_at_least(found, len(own), a, b)


def sampled(rows: Rows, most: int, seed: int = 0) -> NDArray[np.float32]:
    """At most `most` of the rows, as one float32 array. The same `seed` draws the same rows."""
    return gathered(rows, sample(len(rows), most, seed))

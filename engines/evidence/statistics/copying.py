"""Do the made images lie nearer to the real ones than other real images do.

A distance alone says nothing: what is near depends on the set. So the real set is halved, and the
held-out half is the control (Meehan, Chaudhuri, Dasgupta, "A Non-Parametric Test to Detect
Data-Copying in Generative Models", AISTATS 2020, in its global form).
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
"""Real images below which no half says anything."""


@dataclass(frozen=True, slots=True)
class Copying:
    """Each half of the real set was the control of the other; the worse direction counts."""

    effect: float
    """Chance that a made image lies nearer to a half of the real ones than a held-out real image
    does: 0.5 where nothing is copied, towards 1 where much is."""
    p_value: float
    """One-sided Mann-Whitney test of that, corrected for two directions."""
    tail_share: float
    """Share of made images nearer than all but the nearest 1 % of the held-out real ones."""
    tail_expected: float
    """The share that would be without copying."""
    tail_p_value: float
    """Chance of so many without copying: finds a few copies among many good images."""
    median_made: float
    median_control: float
    """Median distances, Euclidean."""


def copying(
    real: NDArray[np.float32], made: Rows, seed: int = 0, stop: StopCheck = never_stopped
) -> Copying:
    """Of `real` (n, d), at least `FEWEST` rows, and the made rows.

    Raises:
        ValueError: too few rows.
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
    """Chance that a value of `own` lies below one of `control` (ties count half), and the p-value
    of its being above one half: Mann and Whitney 1947, normal approximation."""
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
    """Share of `own` below the r-th smallest of `control`, r the nearest `tail` of them; the share
    expected; the p-value. Where both are of one distribution, how many of m lie below the r-th of n
    is beta-binomial with shapes (r, n + 1 - r)."""
    rank = max(1, int(tail * len(control)))
    bound = np.partition(control, rank - 1)[rank - 1]
    found = int((own < bound).sum())
    a, b = float(rank), float(len(control) + 1 - rank)
    return found / len(own), a / (a + b), chance_of_at_least(found, len(own), a, b)


def sampled(rows: Rows, most: int, seed: int = 0) -> NDArray[np.float32]:
    """At most `most` of the rows, in memory."""
    return gathered(rows, sample(len(rows), most, seed))

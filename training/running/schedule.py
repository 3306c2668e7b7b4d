"""A learning-rate schedule over a budget of wall-clock time, so that a run ends when it must."""

import math
from dataclasses import dataclass


@dataclass
class TimeBudget:
    """Share of a time budget that is spent; counts only the time in which it was trained."""

    budget_s: float
    spent_s: float = 0.0

    def spend(self, seconds: float) -> None:
        """Count ``seconds`` of training; long gaps (suspended machine) count as one minute."""
        self.spent_s += min(seconds, 60.0)

    @property
    def share(self) -> float:
        """Return the share of the budget that is spent, 0..1."""
        return min(self.spent_s / self.budget_s, 1.0)

    @property
    def over(self) -> bool:
        """Return whether the budget is spent."""
        return self.spent_s >= self.budget_s


def learning_rate(peak: float, step: int, share: float, *, warmup: int, hold: float) -> float:
    """Warm up over ``warmup`` steps, hold ``peak`` to ``hold``, then a half cosine to 0."""
    warm = min(1.0, (step + 1) / warmup)
    if share <= hold:
        return peak * warm
    return peak * warm * 0.5 * (1 + math.cos(math.pi * (share - hold) / (1 - hold)))

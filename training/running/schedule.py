"""A learning-rate schedule over a time budget, so that a run ends in time."""

import math
from dataclasses import dataclass


@dataclass
class TimeBudget:
    """A time budget and the part of it that is used. Only time of training counts."""

    budget_s: float
    spent_s: float = 0.0

    def spend(self, seconds: float) -> None:
        """Add ``seconds`` of training. More than a minute (a suspended machine) counts as one."""
        self.spent_s += min(seconds, 60.0)

    @property
    def share(self) -> float:
        """The used share of the budget, 0..1."""
        return min(self.spent_s / self.budget_s, 1.0)

    @property
    def over(self) -> bool:
        """Whether the budget is used up."""
        return self.spent_s >= self.budget_s


def learning_rate(peak: float, step: int, share: float, *, warmup: int, hold: float) -> float:
    """Return the learning rate: linear warm-up over ``warmup`` steps, ``peak`` until the used
    ``share`` of the budget is ``hold``, then a half cosine to 0."""
    warm = min(1.0, (step + 1) / warmup)
    if share <= hold:
        return peak * warm
    return peak * warm * 0.5 * (1 + math.cos(math.pi * (share - hold) / (1 - hold)))

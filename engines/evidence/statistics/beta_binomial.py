"""How many of `m` fresh points fall into a ball that was drawn around points of the same kind."""

from __future__ import annotations

from math import exp, lgamma


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def chance_of(count: int, trials: float, a: float, b: float) -> float:
    """P(count) of the beta-binomial distribution (Skellam 1948) with shapes `a`, `b` > 0.

    `trials` may lie between whole numbers: the formula is continuous in it.
    """
    if count > trials:
        return 0.0
    choose = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    return exp(choose + _log_beta(count + a, trials - count + b) - _log_beta(a, b))


def chance_of_at_least(count: int, trials: int, a: float, b: float) -> float:
    """P(at least `count`), 0..1."""
    below = sum(chance_of(each, trials, a, b) for each in range(count))
    return min(max(1.0 - below, 0.0), 1.0)


def clipped_mean(most: int, trials: float, a: float, b: float) -> float:
    """E[min(count, most)] / most, 0..1."""
    missing = sum((1 - each / most) * chance_of(each, trials, a, b) for each in range(most))
    return min(max(1.0 - missing, 0.0), 1.0)

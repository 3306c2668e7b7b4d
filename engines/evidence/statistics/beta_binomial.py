"""The beta-binomial distribution. It describes how many of m new points are inside a ball whose
radius is an order statistic of earlier points of the same distribution."""

from __future__ import annotations

from math import exp, lgamma


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def chance_of(count: int, trials: float, a: float, b: float) -> float:
    """The probability of `count`, 0..1, under the beta-binomial distribution (Skellam 1948) with
    shape parameters `a`, `b` > 0.

    `trials` may be fractional, because the formula is continuous in it.
    """
    if count > trials:
        return 0.0
    choose = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    return exp(choose + _log_beta(count + a, trials - count + b) - _log_beta(a, b))


def chance_of_at_least(count: int, trials: int, a: float, b: float) -> float:
    """The probability of at least `count`, 0..1."""
    below = sum(chance_of(each, trials, a, b) for each in range(count))
    return min(max(1.0 - below, 0.0), 1.0)


def clipped_mean(most: int, trials: float, a: float, b: float) -> float:
    """The expected value E[min(count, most)] / most, 0..1."""
    missing = sum((1 - each / most) * chance_of(each, trials, a, b) for each in range(most))
    return min(max(1.0 - missing, 0.0), 1.0)

"""The distribution behind the figures, against scipy's and against drawn numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, nbinom

from engines.evidence.statistics.beta_binomial import chance_of, chance_of_at_least, clipped_mean

SHAPES = [(1.0, 1.0), (5.0, 95.0), (0.5, 0.5), (3.0, 998.0), (40.0, 2.5)]


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("trials", [1, 7, 300])
def test_chances_are_those_of_scipy(a: float, b: float, trials: int) -> None:
    for count in {0, 1, trials // 2, trials}:
        expected = float(betabinom(trials, a, b).pmf(count))
        assert chance_of(count, trials, a, b) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_tails_are_those_of_scipy(a: float, b: float) -> None:
    for count in (1, 2, 10, 50):
        expected = float(betabinom(50, a, b).sf(count - 1))
        assert chance_of_at_least(count, 50, a, b) == pytest.approx(expected, abs=1e-9)


def test_at_least_none_is_certain_and_more_than_all_impossible() -> None:
    assert chance_of_at_least(0, 10, 2, 3) == 1
    assert chance_of_at_least(11, 10, 2, 3) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_a_chance_stays_between_zero_and_one_however_it_is_rounded(a: float, b: float) -> None:
    found = [chance_of_at_least(count, 400, a, b) for count in range(0, 401, 25)]
    assert all(0 <= each <= 1 for each in found)
    assert found == sorted(found, reverse=True)


def test_the_clipped_mean_is_that_of_drawn_counts() -> None:
    drawn = betabinom(100, 5, 95).rvs(40_000, random_state=np.random.default_rng(1))
    expected = float(np.minimum(drawn, 5).mean()) / 5
    assert clipped_mean(5, 100, 5, 95) == pytest.approx(expected, abs=0.01)


def test_nobody_among_no_trials_fills_nothing() -> None:
    assert clipped_mean(5, 0, 5, 95) == 0


def test_the_clipped_mean_grows_with_the_trials_also_between_whole_numbers() -> None:
    found = [clipped_mean(5, trials, 5, 95) for trials in np.linspace(5, 100, 40)]
    assert found == sorted(found)
    assert found[-1] < 1


def test_large_numbers_do_not_overflow() -> None:
    assert 0 < chance_of(1000, 100_000, 10, 990) < 1
    endless = nbinom(5, 0.5)  # Poisson counts whose mean is itself drawn from a gamma distribution
    expected = float(np.minimum(np.arange(300), 5) @ endless.pmf(np.arange(300))) / 5
    assert clipped_mean(5, 100_000, 5, 99_995) == pytest.approx(expected, abs=0.001)

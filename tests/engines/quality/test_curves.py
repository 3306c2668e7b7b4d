"""Curves between a measurement and a factor: their ends, their middles, and no jump between."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from engines.quality.advice import ADVICE, weakest
from engines.quality.curves import halving, logistic, smoothstep
from engines.quality.judging import Judgement
from engines.quality.score import Factors

VALUES = np.linspace(-5, 5, 201).tolist()
CLEAN = Factors(*([1.0] * 9))


@pytest.mark.parametrize("value", [-1e308, -1e6, -800.0, 0.0, 800.0, 1e308])
def test_no_measurement_is_too_far_for_the_logistic_curve(value: float) -> None:
    assert 0 <= logistic(value) <= 1
    assert logistic(value) == pytest.approx(0.5 * (1 + math.tanh(value / 2)), abs=1e-12)


def test_curves_rise_or_fall_all_the_way() -> None:
    for rising in (logistic, lambda v: smoothstep(v, -1, 2)):
        found = [rising(value) for value in VALUES]
        assert found == sorted(found)
    falling = [halving(value, 0.5) for value in VALUES if value >= 0]
    assert falling == sorted(falling, reverse=True)


@pytest.mark.parametrize(
    ("value", "expected"), [(-9, 0), (1, 0), (2, 0.5), (3, 1), (9, 1), (1.5, 0.15625)]
)
def test_a_smooth_step_is_the_cubic(value: float, expected: float) -> None:
    assert smoothstep(value, 1, 3) == expected


@pytest.mark.parametrize("half", [0.01, 1, 50])
def test_a_factor_is_halved_where_it_is_said(half: float) -> None:
    assert (halving(0, half), halving(half, half)) == (1, 0.5)


# What fails an image


def test_every_factor_has_one_plain_sentence() -> None:
    assert set(ADVICE) >= set(Factors.names())
    for words in ADVICE.values():
        assert words.endswith(".")
        assert "\n" not in words


def test_factors_that_do_not_count_are_left_out() -> None:
    names = [name for name, _ in CLEAN.counted(("noise", "grid"))]
    assert set(names) == set(Factors.names()) - {"noise", "grid"}


@pytest.mark.parametrize(
    ("score", "value", "threshold"),
    [(0.25, 0.5, 1.0), (0.4, 0.5, 0.625), (0.49, 0.2, 0.2041), (0.0, 0.0, 1.0)],
)
def test_the_least_factor_is_told_with_what_it_would_have_to_be(
    score: float, value: float, threshold: float
) -> None:
    factors = dataclasses.replace(CLEAN, noise=value)
    found = weakest(Judgement(score, factors, "auto:photo"), pass_threshold=0.5)
    assert (found.factor, found.value, found.threshold) == ("noise", value, threshold)
    assert found.advice == ADVICE["noise"]

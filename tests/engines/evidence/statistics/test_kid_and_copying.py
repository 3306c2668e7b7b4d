"""KID and the test for copies, against scipy and on sets with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, mannwhitneyu

from engines.errors import Canceled
from engines.evidence.statistics.copying import FEWEST, copying, nearer, nearer_than_tail, sampled
from engines.evidence.statistics.kid import kid
from engines.evidence.statistics.rows import ArrayRows
from tests.engines.evidence.vectors import normal, unit

# KID


def test_kid_is_the_same_for_both_ways_round() -> None:
    real, made = unit(normal(40, 1)), unit(normal(60, 2, center=0.3))
    assert kid(real, made, repeats=2).value == pytest.approx(kid(made, real, repeats=2).value)


def test_kid_does_not_depend_on_the_order_of_the_images() -> None:
    real, made = unit(normal(40, 1)), unit(normal(40, 2, center=0.3))
    assert kid(real, made[::-1], 2).value == pytest.approx(kid(real, made, 2).value, abs=1e-5)


def test_the_same_images_give_the_same_interval_and_another_seed_another() -> None:
    real, made = unit(normal(40, 1)), unit(normal(40, 2))
    assert kid(real, made, 20, seed=3) == kid(real, made, 20, seed=3)
    assert kid(real, made, 20, seed=3).low != kid(real, made, 20, seed=4).low


def test_the_interval_holds_the_value_also_for_two_images() -> None:
    for seed in range(10):
        found = kid(unit(normal(2, seed)), unit(normal(2, 50 + seed)), repeats=10)
        assert found.low <= found.value <= found.high
        assert np.isfinite([found.low, found.high]).all()


def test_many_images_have_a_narrower_interval_than_few() -> None:
    few = kid(unit(normal(20, 1)), unit(normal(20, 2)), 50)
    many = kid(unit(normal(400, 1)), unit(normal(400, 2)), 50)
    assert many.high - many.low < (few.high - few.low) / 2


def test_opposite_images_are_as_far_as_the_kernel_reaches() -> None:
    """x.y = -1 across gives a kernel of 0, x.y = 1 within one of 8: 8 + 8 - 0."""
    one = np.zeros((5, 4), np.float32)
    one[:, 0] = 1
    assert kid(one, -one, repeats=2).value == pytest.approx(16)


# The rank test


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_test_is_scipys_without_ties(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    own = drawn.normal(0, 1, 80).astype(np.float32)
    control = drawn.normal(0.3, 1, 120).astype(np.float32)
    scipys = mannwhitneyu(
        own, control, alternative="less", use_continuity=False, method="asymptotic"
    )
    effect, p_value = nearer(own, control)
    assert effect == pytest.approx(1 - scipys.statistic / (80 * 120))
    assert p_value == pytest.approx(scipys.pvalue, rel=1e-6)


def test_all_alike_is_even_and_no_sign() -> None:
    same = np.ones(30, np.float32)
    assert nearer(same, same) == (0.5, 0.5)


@pytest.mark.parametrize(("shift", "effect"), [(-100, 1.0), (100, 0.0)])
def test_always_nearer_and_never_nearer_are_the_ends(shift: float, effect: float) -> None:
    values = np.arange(50, dtype=np.float32)
    found, p_value = nearer(values + shift, values)
    assert found == effect
    assert (p_value < 1e-9) == (effect == 1)


def test_the_tail_counts_what_lies_below_the_first_of_a_hundred() -> None:
    control = np.arange(1, 301, dtype=np.float32)  # the third smallest is 3
    own = np.array([0.5, 2.9, 3.0, 200], np.float32)
    share, expected, p_value = nearer_than_tail(own, control)
    assert share == 0.5
    assert expected == pytest.approx(3 / 301)
    assert p_value == pytest.approx(float(betabinom(4, 3, 298).sf(1)), abs=1e-9)


def test_with_few_controls_the_nearest_of_them_is_the_bound() -> None:
    share, expected, _ = nearer_than_tail(np.array([1, 9], np.float32), np.array([5, 6, 7.0]))
    assert (share, expected) == (0.5, 0.25)


# Copies


def test_exact_copies_of_all_are_certain() -> None:
    real = normal(100, 1)
    found = copying(real, ArrayRows(real))
    assert found.effect > 0.7
    assert found.tail_share >= 0.5  # those whose own half is looked at lie at distance 0
    assert found.p_value < 1e-6
    assert found.tail_p_value < 1e-6


def test_images_far_from_all_real_ones_are_no_copies() -> None:
    found = copying(normal(60, 1), ArrayRows(normal(30, 2, center=50)))
    assert (found.effect, found.tail_share) == (0, 0)
    assert found.p_value == found.tail_p_value == 1
    assert found.median_made > found.median_control


def test_one_made_image_is_enough_to_be_asked() -> None:
    found = copying(normal(FEWEST, 1), ArrayRows(normal(1, 2)))
    assert 0 <= found.effect <= 1
    assert 0 < found.p_value <= 1


def test_without_a_made_image_there_is_no_answer() -> None:
    with pytest.raises(ValueError, match="a made one"):
        copying(normal(FEWEST, 1), ArrayRows(normal(0, 2)))


def test_the_halves_are_the_same_every_time() -> None:
    real, made = normal(61, 1), ArrayRows(normal(40, 2))
    assert copying(real, made) == copying(real, made)
    assert copying(real, made, seed=1) != copying(real, made, seed=2)


def test_nobody_waits_for_a_search_that_was_stopped() -> None:
    def gone() -> None:
        raise Canceled("gone")

    with pytest.raises(Canceled):
        copying(normal(FEWEST, 1), ArrayRows(normal(5, 2)), stop=gone)


def test_a_sample_of_rows_is_taken_in_order() -> None:
    rows = np.arange(50, dtype=np.float32)[:, None]
    found = sampled(ArrayRows(rows), 10, seed=5)[:, 0].tolist()
    assert found == sorted(found)
    assert len(set(found)) == 10

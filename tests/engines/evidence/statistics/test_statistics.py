"""Figures over feature vectors, on textbook cases with a known answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.errors import Canceled
from engines.evidence.statistics.beta_binomial import chance_of, chance_of_at_least, clipped_mean
from engines.evidence.statistics.copying import copying, nearer, nearer_than_tail, sampled
from engines.evidence.statistics.fidelity import Fidelity, fidelity
from engines.evidence.statistics.kid import kid
from engines.evidence.statistics.rows import ArrayRows, gathered, nearest, sample
from tests.engines.evidence.vectors import modes, normal, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray


# Neighbors


@pytest.mark.parametrize("block", [1, 7, 64])
def test_the_nearest_are_those_of_a_plain_search_whatever_the_block(block: int) -> None:
    queries, references = normal(33, 1), normal(50, 2)
    plain = np.linalg.norm(queries[:, None] - references[None], axis=2)
    found = nearest(ArrayRows(queries), ArrayRows(references), 3, block=block)
    assert np.array_equal(found.positions, np.argsort(plain, axis=1)[:, :3])
    np.testing.assert_allclose(found.distances, np.sort(plain, axis=1)[:, :3], rtol=1e-3)


def test_no_row_is_its_own_neighbor_but_its_double_is() -> None:
    rows = ArrayRows(np.repeat(normal(5, 1), 2, axis=0))
    found = nearest(rows, rows, 1, same=True, block=4)
    assert found.positions[:, 0].tolist() == [1, 0, 3, 2, 5, 4, 7, 6, 9, 8]


def test_too_few_references_leave_places_empty() -> None:
    found = nearest(ArrayRows(normal(2, 1)), ArrayRows(normal(1, 2)), 3)
    assert found.positions[:, 1:].tolist() == [[-1, -1], [-1, -1]]
    assert np.isinf(found.distances[:, 1:]).all()


def test_a_search_stops_when_nobody_waits_for_it() -> None:
    def gone() -> None:
        raise Canceled("gone")

    with pytest.raises(Canceled):
        nearest(ArrayRows(normal(2, 1)), ArrayRows(normal(2, 2)), stop=gone)


def test_a_sample_is_the_same_every_time_and_its_rows_are_gathered_in_order() -> None:
    rows = normal(100, 1)
    drawn = sample(100, 10, seed=3)
    assert drawn.tolist() == sample(100, 10, seed=3).tolist() == sorted(set(drawn.tolist()))
    assert np.array_equal(gathered(ArrayRows(rows), drawn, block=16), rows[drawn])
    assert len(sampled(ArrayRows(rows), 1000)) == 100


# Beta-binomial


def test_the_chances_are_those_of_the_uniform_case_and_sum_to_one() -> None:
    assert [chance_of(n, 3, 1, 1) for n in range(4)] == pytest.approx([0.25] * 4)
    assert sum(chance_of(n, 20, 3.5, 9) for n in range(21)) == pytest.approx(1)
    assert chance_of(4, 3, 1, 1) == 0
    assert chance_of_at_least(2, 3, 1, 1) == pytest.approx(0.5)
    assert clipped_mean(3, 3, 1, 1) == pytest.approx((0 + 1 + 2 + 3) / 4 / 3)


# Density, coverage, recall


def mean_of(found: list[Fidelity]) -> Fidelity:
    return Fidelity(
        float(np.mean([f.clipped_density for f in found])),
        float(np.mean([f.clipped_coverage for f in found])),
        float(np.mean([f.recall for f in found])),
    )


def test_images_of_the_same_distribution_score_one() -> None:
    found = mean_of([fidelity(normal(400, 2 * n), normal(400, 2 * n + 1)) for n in range(5)])
    assert found.clipped_density == pytest.approx(1, abs=0.07)
    assert found.clipped_coverage == pytest.approx(1, abs=0.07)


def test_the_real_images_themselves_score_one() -> None:
    real = normal(300, 1)
    found = fidelity(real, real)
    assert (found.clipped_density, found.clipped_coverage, found.recall) == (1, 1, 1)


@pytest.mark.parametrize("good", [0.25, 0.5, 0.75])
def test_a_share_of_useless_images_lowers_both_by_that_share(good: float) -> None:
    made = normal(600, 2)
    made[int(600 * good) :] += 50
    found = fidelity(normal(600, 1), made)
    assert found.clipped_density == pytest.approx(good, abs=0.08)
    assert found.clipped_coverage == pytest.approx(good, abs=0.08)


def test_outliers_on_either_side_change_little() -> None:
    real, made = normal(500, 1), normal(500, 2)
    plain = fidelity(real, made)
    real[:25] *= 30
    made[:25] *= 30
    found = fidelity(real, made)
    assert found.clipped_density == pytest.approx(plain.clipped_density, abs=0.1)
    assert found.clipped_coverage == pytest.approx(plain.clipped_coverage, abs=0.12)


def test_a_dropped_mode_is_lost_in_coverage_and_recall_not_in_density() -> None:
    real = modes(800, 1, kept=4)
    found = fidelity(real, modes(800, 2, kept=2))
    assert found.clipped_density > 0.85
    assert found.clipped_coverage < 0.6
    assert found.recall < 0.6


@pytest.mark.parametrize("made", [200, 400, 1600], ids="{} made".format)
def test_a_dropped_mode_is_lost_by_its_share_however_many_images_there_are(made: int) -> None:
    """Few images in half of the places cover no more than as many spread; many, no less."""
    found = fidelity(modes(400, 1, kept=4), modes(made, 2, kept=2))
    assert found.clipped_coverage == pytest.approx(0.5, abs=0.08)
    whole = fidelity(modes(400, 1, kept=4), modes(made, 2, kept=4))
    assert whole.clipped_coverage == pytest.approx(1, abs=0.08)


def test_images_that_are_all_alike_keep_density_and_lose_coverage() -> None:
    made = np.repeat(normal(1, 5, spread=0.05), 400, axis=0) + normal(400, 6, spread=0.01)
    found = fidelity(normal(400, 1), made)
    assert found.clipped_density > 0.9
    assert found.clipped_coverage < 0.7


def test_images_beside_the_real_ones_lose_density() -> None:
    assert fidelity(normal(400, 1), normal(400, 2, spread=3)).clipped_density < 0.05


def test_unequal_numbers_do_not_tilt_coverage() -> None:
    few = mean_of([fidelity(normal(300, n), normal(900, 50 + n)) for n in range(3)])
    many = mean_of([fidelity(normal(900, n), normal(300, 50 + n)) for n in range(3)])
    assert few.clipped_coverage == pytest.approx(1, abs=0.08)
    assert many.clipped_coverage == pytest.approx(1, abs=0.08)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        fidelity(normal(19, 1), normal(100, 2))


# KID


def test_kid_of_one_distribution_is_zero_within_its_interval() -> None:
    found = kid(unit(normal(300, 1)), unit(normal(300, 2)))
    assert found.low <= 0 <= found.high
    assert found.low <= found.value <= found.high


def test_kid_of_two_distributions_is_above_zero() -> None:
    found = kid(unit(normal(300, 1)), unit(normal(300, 2, center=0.5)))
    assert found.low > 0.01


def test_kid_is_the_textbook_estimate() -> None:
    real, made = unit(normal(5, 1)), unit(normal(4, 2))

    def kernel(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
        return (float(x @ y) + 1) ** 3

    within = [kernel(x, y) for i, x in enumerate(real) for j, y in enumerate(real) if i != j]
    among = [kernel(x, y) for i, x in enumerate(made) for j, y in enumerate(made) if i != j]
    across = [kernel(x, y) for x in real for y in made]
    expected = np.mean(within) + np.mean(among) - 2 * np.mean(across)
    assert kid(real, made, repeats=5).value == pytest.approx(float(expected), abs=1e-5)


# Copying


def test_fresh_images_of_the_same_distribution_are_no_copies() -> None:
    found = [copying(normal(300, n), ArrayRows(normal(300, 100 + n))) for n in range(20)]
    assert np.mean([f.effect for f in found]) == pytest.approx(0.5, abs=0.08)
    assert sum(f.p_value < 0.05 for f in found) <= 3
    assert sum(f.tail_p_value < 0.05 for f in found) <= 3


def test_a_set_of_copies_shows_as_a_shift() -> None:
    real = normal(300, 1)
    found = copying(real, ArrayRows(real + normal(300, 2, spread=0.05)))
    assert found.effect > 0.7
    assert found.p_value < 1e-6
    assert found.median_made < found.median_control


def test_a_few_copies_among_many_fresh_images_show_in_the_tail() -> None:
    real, made = normal(400, 1), normal(400, 2)
    made[:16] = real[:16] + normal(16, 3, spread=0.01)
    found = copying(real, ArrayRows(made))
    assert found.tail_p_value < 0.01
    assert found.tail_share > 2 * found.tail_expected
    assert found.p_value > 0.05


def test_copies_of_one_half_only_are_found_too() -> None:
    real = normal(200, 1)
    kept = np.random.default_rng(0).permutation(200)[:100]
    found = copying(real, ArrayRows(real[kept] + normal(100, 2, spread=0.01)), seed=0)
    assert found.p_value < 1e-6


def test_the_rank_test_is_that_of_mann_and_whitney() -> None:
    own, control = np.array([1, 2, 3], np.float32), np.array([2, 4, 5], np.float32)
    effect, p_value = nearer(own, control)
    assert effect == pytest.approx((3 + 2.5 + 2) / 9)
    z = (7.5 - 4.5) / math.sqrt(3 * 3 * 7 / 12)
    assert p_value == pytest.approx(0.5 * math.erfc(z / math.sqrt(2)))


def test_the_tail_of_equal_sets_holds_what_is_expected() -> None:
    values = np.random.default_rng(1).random(20_000).astype(np.float32)
    share, expected, p_value = nearer_than_tail(values[:10_000], values[10_000:])
    assert share == pytest.approx(expected, abs=0.004)
    assert p_value > 0.001


def test_copying_needs_enough_real_images() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        copying(normal(19, 1), ArrayRows(normal(5, 2)))


# Near-duplicates

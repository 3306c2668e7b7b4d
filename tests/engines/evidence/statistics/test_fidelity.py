"""Density, coverage and recall against their definitions written out without blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.spatial.distance import cdist
from scipy.stats import betabinom

from engines.errors import Canceled
from engines.evidence.statistics.fidelity import FEWEST, fidelity
from tests.engines.evidence.vectors import normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

K = 5


def reach(points: NDArray[np.float32], k: int = K) -> NDArray[np.float64]:
    """Distance of each point to its k-th neighbor, without itself."""
    found: NDArray[np.float64] = np.sort(cdist(points, points), axis=1)[:, k]
    return found * (1 + 1e-5) + 1e-6


def density(real: NDArray[np.float32], made: NDArray[np.float32]) -> float:
    radii = np.minimum(reach(real), np.median(reach(real)))
    in_balls = (cdist(real, made) <= radii[:, None]).sum(axis=0)
    own = (cdist(real, real) <= radii[:, None]).sum(axis=0) - 1
    usual = np.minimum(own / K, 1).mean()
    return float(min(np.minimum(in_balls / K, 1).mean() / usual, 1))


def recall(real: NDArray[np.float32], made: NDArray[np.float32]) -> float:
    return float((cdist(made, real) <= reach(made)[:, None]).any(axis=0).mean())


def coverage_of_equal(real: NDArray[np.float32], made: NDArray[np.float32]) -> float:
    """For whole numbers of good images by scipy, between them by a straight line."""
    count = len(real)
    held = (cdist(real, made) <= reach(real)[:, None]).sum(axis=1)
    value = float(np.minimum(held / K, 1).mean())
    filled = []
    for good in range(count + 1):
        counts = np.arange(good + 1)
        chances = betabinom(good, K, count - K).pmf(counts)
        filled.append(float(np.minimum(counts / K, 1) @ chances))
    if value >= filled[-1]:
        return 1.0
    return float(brentq(lambda g: np.interp(g, range(count + 1), filled) - value, 0, count)) / count


@pytest.mark.parametrize("seed", range(4))
def test_density_and_recall_are_what_their_papers_define(seed: int) -> None:
    real, made = normal(80, seed), normal(70, 100 + seed, center=0.3, spread=1.2)
    found = fidelity(real, made)
    assert found.clipped_density == pytest.approx(density(real, made), abs=1e-6)
    assert found.recall == pytest.approx(recall(real, made), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_coverage_is_the_share_of_good_images_that_would_give_it(seed: int) -> None:
    real, made = normal(60, seed), normal(60, 100 + seed, center=0.4)
    expected = coverage_of_equal(real, made)
    assert 0.1 < expected < 1
    assert fidelity(real, made).clipped_coverage == pytest.approx(expected, abs=0.005)


def test_figures_are_shares_whatever_is_compared() -> None:
    for center, spread in ((0, 1), (5, 1), (0, 9), (0, 0.01), (1, 0.5)):
        found = fidelity(normal(40, 1), normal(30, 2, center=center, spread=spread))
        assert 0 <= found.clipped_density <= 1
        assert 0 <= found.clipped_coverage <= 1
        assert 0 <= found.recall <= 1


def test_images_far_from_everything_real_score_nothing() -> None:
    found = fidelity(normal(40, 1), normal(40, 2, center=100))
    assert (found.clipped_density, found.clipped_coverage, found.recall) == (0, 0, 0)


def test_a_real_set_of_one_image_over_and_over_covers_itself() -> None:
    same = np.repeat(normal(1, 1), 40, axis=0)
    found = fidelity(same, same)
    assert (found.clipped_density, found.clipped_coverage, found.recall) == (1, 1, 1)


def test_the_fewest_that_say_anything_are_taken_and_one_less_is_not() -> None:
    fidelity(normal(FEWEST, 1), normal(FEWEST, 2))
    for real, made in ((FEWEST - 1, FEWEST), (FEWEST, FEWEST - 1)):
        with pytest.raises(ValueError, match=f"at least {FEWEST} vectors"):
            fidelity(normal(real, 1), normal(made, 2))


def test_a_larger_neighborhood_needs_more_images() -> None:
    with pytest.raises(ValueError, match="at least 31 vectors"):
        fidelity(normal(30, 1), normal(30, 2), k=30)


def test_the_order_of_equally_many_images_changes_nothing() -> None:
    real, made = normal(50, 1), normal(50, 2, center=0.2)
    found, turned = fidelity(real, made), fidelity(real[::-1], made[::-1])
    assert turned.clipped_density == pytest.approx(found.clipped_density)
    assert turned.clipped_coverage == pytest.approx(found.clipped_coverage)
    assert turned.recall == pytest.approx(found.recall)


def test_moving_or_scaling_everything_changes_nothing() -> None:
    real, made = normal(60, 1), normal(60, 2, center=0.3)
    found, moved = fidelity(real, made), fidelity(real * 4 + 1, made * 4 + 1)
    assert moved.clipped_density == pytest.approx(found.clipped_density, abs=0.01)
    assert moved.recall == pytest.approx(found.recall, abs=0.02)


def test_the_same_call_gives_the_same_figures_also_in_parts() -> None:
    real, made = normal(40, 1), normal(200, 2)
    assert fidelity(real, made) == fidelity(real, made)


def test_work_that_nobody_waits_for_stops() -> None:
    calls = 0

    def gone() -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise Canceled("gone")

    with pytest.raises(Canceled):
        fidelity(normal(40, 1), normal(40, 2), stop=gone)

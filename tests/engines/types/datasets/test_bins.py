"""Bins of a distribution against numpy, and the values that people choose as thresholds."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from pydantic import ValidationError

from engines.types.datasets.histograms import BINS, RANGES, Histogram


@pytest.mark.parametrize("metric", sorted(RANGES))
def test_bins_are_those_of_numpy(metric: str) -> None:
    low, high = RANGES[metric]
    values = np.random.default_rng(1).uniform(low, high, 500)
    expected, _ = np.histogram(values, BINS, (low, high))
    assert Histogram.empty(metric).added(values.tolist()).counts == tuple(expected)


@pytest.mark.parametrize("number", range(BINS))
@pytest.mark.parametrize("metric", ["quality_score", "privacy_score", "entropy", "aspect"])
def test_a_value_at_the_edge_of_two_bins_is_in_the_upper_one(metric: str, number: int) -> None:
    """0.6 is a threshold that people choose: it is counted where the axis says 0.6 .. 0.65."""
    low, high = RANGES[metric]
    edge = round(low + number * (high - low) / BINS, 10)
    counts = Histogram.empty(metric).added([edge]).counts
    assert counts.index(1) == number


@pytest.mark.parametrize("metric", sorted(RANGES))
def test_the_upper_end_is_in_the_last_bin(metric: str) -> None:
    assert Histogram.empty(metric).added([RANGES[metric][1]]).counts[-1] == 1


def test_portions_add_up_to_the_whole() -> None:
    values = np.random.default_rng(2).normal(0.5, 0.3, 400).tolist()
    portions = Histogram.empty("contrast")
    for start in range(0, 400, 37):
        portions = portions.added(values[start : start + 37])
    whole = Histogram.empty("contrast").added(values)
    assert portions.counts == whole.counts
    assert portions.total == pytest.approx(whole.total)
    assert (portions.least, portions.most) == (min(values), max(values))
    assert whole.mean == pytest.approx(float(np.mean(values)))


def test_adding_makes_a_new_distribution_and_leaves_the_old_one() -> None:
    empty = Histogram.empty("contrast")
    empty.added([0.5])
    assert (empty.count, empty.total) == (0, 0.0)
    with pytest.raises(ValidationError, match="frozen"):
        empty.total = 1.0  # type: ignore[misc]


def test_one_value_is_its_own_mean_least_and_most() -> None:
    found = Histogram.empty("sharpness").added([62.5])
    assert (found.count, found.mean, found.least, found.most) == (1, 62.5, 62.5, 62.5)


def test_negative_values_are_summed_as_they_are() -> None:
    found = Histogram.empty("contrast").added([-1.0, 1.0])
    assert (found.mean, found.least, found.most) == (0.0, -1.0, 1.0)
    assert (found.counts[0], found.counts[-1]) == (1, 1)


def test_merging_with_an_empty_one_changes_nothing() -> None:
    some, none = Histogram.empty("contrast").added([0.1, 0.7]), Histogram.empty("contrast")
    assert some.merged(none) == none.merged(some) == some


@pytest.mark.parametrize(
    "change", [{"low": 0.1}, {"high": 2.0}, {"counts": (0,) * (BINS + 1)}, {"counts": ()}]
)
def test_what_has_other_bins_is_not_merged(change: dict[str, object]) -> None:
    plain = Histogram.empty("contrast")
    with pytest.raises(ValueError, match="different bins"):
        plain.merged(plain.model_copy(update=change))


def test_a_distribution_travels_between_processes_and_through_json() -> None:
    found = Histogram.empty("entropy").added([0.1 + 0.2, 7.9])
    assert pickle.loads(pickle.dumps(found)) == found
    assert Histogram.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("content", ["{}", '{"low": 0}', '{"low":0,"high":1,"counts":[0.5]}', "[]"])
def test_what_is_no_distribution_is_refused(content: str) -> None:
    with pytest.raises(ValidationError):
        Histogram.model_validate_json(content)


def test_ranges_are_wide_enough_to_have_bins() -> None:
    assert all(low < high for low, high in RANGES.values())

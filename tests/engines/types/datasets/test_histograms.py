"""Distributions that shards count apart and add up: nothing is lost and nothing counted twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.types.datasets.histograms import BINS, RANGES, Histogram

scores = st.lists(st.floats(-0.5, 1.5, allow_nan=False), max_size=30)


def of(values: list[float], metric: str = "quality_score") -> Histogram:
    return Histogram.empty(metric).added(values)


@given(scores, scores)
@settings(max_examples=50)
def test_two_shards_together_are_one_run_over_all(first: list[float], second: list[float]) -> None:
    together, at_once = of(first).merged(of(second)), of([*first, *second])
    assert together.counts == at_once.counts
    assert together.total == pytest.approx(at_once.total)
    assert (together.least, together.most) == (at_once.least, at_once.most)


@given(scores, scores, scores)
@settings(max_examples=25)
def test_the_order_of_shards_changes_nothing(
    a: list[float], b: list[float], c: list[float]
) -> None:
    one = of(a).merged(of(b)).merged(of(c))
    other = of(c).merged(of(a).merged(of(b)))
    assert one.counts == other.counts
    assert one.total == pytest.approx(other.total)


@given(scores)
@settings(max_examples=50)
def test_every_value_is_counted_once_also_outside_the_range(values: list[float]) -> None:
    histogram = of(values)
    assert histogram.count == len(values)
    assert len(histogram.counts) == BINS


@pytest.mark.parametrize(
    ("value", "bin_"), [(0.0, 0), (0.049, 0), (0.05, 1), (0.99, 19), (1.0, 19)]
)
def test_a_value_falls_into_the_bin_that_begins_at_or_below_it(value: float, bin_: int) -> None:
    assert of([value]).counts[bin_] == 1


@pytest.mark.parametrize(("value", "bin_"), [(-7.0, 0), (12.0, BINS - 1)])
def test_what_lies_outside_is_in_an_outer_bin_and_kept_as_extreme(value: float, bin_: int) -> None:
    histogram = of([value])
    assert histogram.counts[bin_] == 1
    assert (histogram.least, histogram.most) == (value, value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")], ids=str)
def test_what_is_no_number_is_no_measurement(value: float) -> None:
    """A metric that could not be computed for one image says nothing about the dataset."""
    assert of([value]) == Histogram.empty("quality_score")
    assert of([0.25, value, 0.75]) == of([0.25, 0.75])
    assert of([0.25]).added([value]).mean == 0.25


@pytest.mark.parametrize(("value", "bin_"), [(-1.7e308, 0), (1.7e308, BINS - 1)], ids=str)
def test_the_largest_numbers_are_counted_and_can_be_read_back(value: float, bin_: int) -> None:
    histogram = of([value, value]).merged(of([value]))
    assert histogram.counts[bin_] == 3
    assert histogram.total == pytest.approx(value, rel=0.1)
    assert Histogram.model_validate_json(histogram.model_dump_json()) == histogram


def test_without_values_there_is_no_mean() -> None:
    empty = Histogram.empty("contrast")
    assert (empty.count, empty.mean, empty.least, empty.most) == (0, None, None, None)
    assert empty.added([]) is empty
    assert empty.merged(Histogram.empty("contrast")) == empty


def test_the_mean_is_that_of_the_values_not_of_the_bins() -> None:
    assert of([0.1, 0.2, 0.6]).mean == pytest.approx(0.3)


@pytest.mark.parametrize("metric", RANGES)
def test_a_known_metric_has_its_own_range(metric: str) -> None:
    histogram = Histogram.empty(metric)
    assert (histogram.low, histogram.high) == RANGES[metric]


def test_an_unknown_metric_is_taken_for_a_share() -> None:
    histogram = Histogram.empty("prompt_alignment")
    assert (histogram.low, histogram.high) == (0.0, 1.0)


def test_histograms_of_two_metrics_are_not_added_up() -> None:
    with pytest.raises(ValueError, match="different bins"):
        of([0.5]).merged(of([50.0], "privacy_score"))


def test_a_histogram_comes_back_from_a_manifest_as_it_was() -> None:
    histogram = of([0.1, 0.9])
    assert Histogram.model_validate_json(histogram.model_dump_json()) == histogram


@given(scores)
@settings(max_examples=50)
def test_values_one_at_a_time_count_as_all_at_once(values: list[float]) -> None:
    one_by_one = Histogram.empty("quality_score")
    for value in values:
        one_by_one = one_by_one.added([value])
    assert one_by_one.counts == of(values).counts
    assert one_by_one.mean == (pytest.approx(of(values).mean) if values else None)


@pytest.mark.parametrize("metric", RANGES)
def test_both_ends_of_a_range_lie_in_its_outer_bins(metric: str) -> None:
    low, high = RANGES[metric]
    counts = of([low, low, high], metric).counts
    assert (counts[0], counts[-1], sum(counts)) == (2, 1, 3)

"""Profiles of very many images: no drift, no order, weights that mean what they say."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.profiles import ProfileBuilder
from engines.profiles.comparison import COMPARED_MEANS, compare
from engines.profiles.measures import HISTOGRAM_BINS, LAB_BINS, ImageMeasures
from engines.profiles.statistics import Moments

SCALARS = (*COMPARED_MEANS, "red", "green", "blue", "width", "height")
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def image(draw: np.random.Generator, shift: float = 0.0) -> ImageMeasures:
    """What an image would add; `shift` moves every scalar and the histograms."""
    scalars = {name: float(value) for name, value in zip(SCALARS, draw.random(14), strict=True)}
    scalars = {name: value + shift for name, value in scalars.items()}
    peak = int(np.clip(draw.integers(8) + 16 * shift, 0, HISTOGRAM_BINS - 1))
    shares = np.roll(np.bincount(draw.integers(0, 6, 50), minlength=HISTOGRAM_BINS) / 50, peak)
    lab = np.bincount(draw.integers(0, LAB_BINS**3, 4), minlength=LAB_BINS**3) / 4
    return ImageMeasures(scalars, {"brightness": shares, "hue": shares, "lab": lab})


def builder_of(images: list[ImageMeasures]) -> ProfileBuilder:
    builder = ProfileBuilder()
    for measures in images:
        builder.add_measures(measures)
    return builder


def merged(parts: list[ProfileBuilder]) -> ProfileBuilder:
    whole = ProfileBuilder()
    for part in parts:
        whole.merge(part)
    return whole


def numbers(found: Any) -> list[float]:
    """Every number of `statistics`, in order, but for the dominant colors' own clustering."""
    if isinstance(found, dict):
        return [x for key in sorted(found) if key != "dominant_colors" for x in numbers(found[key])]
    if isinstance(found, list):
        return [x for item in found for x in numbers(item)]
    return [float(found)]


def exact(values: list[float]) -> tuple[float, float]:
    """Mean and population deviation in rational arithmetic."""
    fractions = [Fraction(value) for value in values]
    mean = sum(fractions) / len(fractions)
    variance = sum((value - mean) ** 2 for value in fractions) / len(fractions)
    return float(mean), math.sqrt(float(variance))


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_blocks_merge_to_the_exact_moments_in_any_order(
    blocks: list[list[float]], order: random.Random
) -> None:
    mean, deviation = exact([value for block in blocks for value in block])
    order.shuffle(blocks)
    whole = Moments()
    for block in blocks:
        part = Moments()
        for value in block:
            part.add(value)
        whole.merge(part)
    scale = max(1.0, max(abs(value) for block in blocks for value in block))
    assert whole.mean == pytest.approx(mean, abs=1e-12 * scale)
    assert whole.deviation == pytest.approx(deviation, rel=1e-6, abs=1e-7 * scale)


def test_a_small_spread_on_a_large_mean_survives_a_million_values() -> None:
    """Where the textbook's sum of squares loses every digit."""
    block = Moments()
    for value in (1e8 - 1.0, 1e8, 1e8 + 1.0):
        block.add(value)
    whole = Moments()
    for _ in range(20):  # doubles each time: 3 * 2^20 values
        whole.merge(block)
        block = Moments(whole.count, whole.mean, whole.m2)
    assert whole.count > 1e6
    assert whole.deviation == pytest.approx(math.sqrt(2 / 3), rel=1e-6)


@pytest.mark.slow
def test_twenty_thousand_images_one_by_one_are_those_of_their_blocks() -> None:
    draw = np.random.default_rng(1)
    images = [image(draw) for _ in range(200)]
    blocks = [
        builder_of([images[i % 200] for i in range(n, n + 100)]) for n in range(0, 20_000, 100)
    ]
    one_by_one = builder_of([images[i % 200] for i in range(20_000)])
    random.Random(2).shuffle(blocks)
    whole = merged(blocks)
    assert whole.sample_count == one_by_one.sample_count == 20_000
    once = builder_of(images).statistics()
    for builder in (whole, one_by_one):
        np.testing.assert_allclose(numbers(builder.statistics()), numbers(once), atol=2e-6)
        for shares in cast("dict[str, list[float]]", builder.state()["histograms"]).values():
            assert math.fsum(shares) == pytest.approx(1.0, abs=1e-9)
        assert compare(once, builder.statistics(), ("a", "b")).conformance == 100.0


@pytest.mark.slow
@settings(max_examples=25)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 9), min_size=2, max_size=6))
def test_conformance_does_not_depend_on_how_the_parts_were_merged(
    seed: int, sizes: list[int]
) -> None:
    draw = np.random.default_rng(seed)
    parts = [builder_of([image(draw) for _ in range(size)]) for size in sizes]
    other = builder_of([image(draw, 0.2) for _ in range(5)]).statistics()
    left_to_right = merged(parts)
    right_to_left = merged(parts[::-1])
    tree = merged([merged(parts[: len(parts) // 2]), merged(parts[len(parts) // 2 :])])
    answers = [
        compare(builder.statistics(), other, ("a", "b"))
        for builder in (left_to_right, right_to_left, tree)
    ]
    for answer in answers[1:]:
        assert answer.conformance == pytest.approx(answers[0].conformance, abs=0.1)
        for name, distance in answers[0].distances.items():
            assert answer.distances[name] == pytest.approx(distance, abs=2e-4)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_weight_is_so_many_times_the_images(seed: int, weight: int) -> None:
    draw = np.random.default_rng(seed)
    base, extra = ([image(draw, shift) for _ in range(3)] for shift in (0.0, 0.3))
    weighted = builder_of(base)
    weighted.merge(builder_of(extra), float(weight))
    repeated = builder_of(base + extra * weight)
    np.testing.assert_allclose(
        numbers(weighted.statistics()), numbers(repeated.statistics()), atol=2e-6
    )
    assert weighted.sample_count == 6


@settings(max_examples=25)
@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_only_the_ratio_of_weights_matters(first: float, factor: float) -> None:
    draw = np.random.default_rng(7)
    left, right = (builder_of([image(draw, shift) for _ in range(3)]) for shift in (0.0, 0.3))

    def mixed(weight_left: float, weight_right: float) -> list[float]:
        whole = ProfileBuilder()
        whole.merge(left, weight_left)
        whole.merge(right, weight_right)
        return numbers(whole.statistics())

    scaled = mixed(first, first * 2), mixed(first * factor, first * 2 * factor)
    np.testing.assert_allclose(*scaled, rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_weights_that_mean_nothing_are_refused(weight: float) -> None:
    draw = np.random.default_rng(3)
    whole = builder_of([image(draw)])
    before = whole.state()
    with pytest.raises(ValueError, match="weight"):
        whole.merge(builder_of([image(draw)]), weight)
    assert whole.state() == before


@pytest.mark.slow
def test_a_larger_shift_conforms_less_however_large_the_sets() -> None:
    draw = np.random.default_rng(5)
    real = builder_of([image(draw) for _ in range(2000)]).statistics()
    shifted = [
        compare(
            real, builder_of([image(draw, shift) for _ in range(2000)]).statistics(), ("a", "b")
        ).conformance
        for shift in (0.0, 0.1, 0.3, 0.6)
    ]
    assert shifted == sorted(shifted, reverse=True)
    assert shifted[0] > 95
    assert shifted[-1] < 60


def test_three_hundred_saved_and_continued_states_lose_nothing() -> None:
    draw = np.random.default_rng(4)
    images = [image(draw) for _ in range(300)]
    saved = ProfileBuilder()
    for measures in images:
        saved.add_measures(measures)
        saved = ProfileBuilder.from_state(json.loads(json.dumps(saved.state())))
    assert saved.state() == builder_of(images).state()

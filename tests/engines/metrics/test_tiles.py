"""Statistics of a plane's squares: the same as by cutting each out."""

from __future__ import annotations

import numpy as np
import pytest

from engines.metrics.tiles import (
    middle,
    quantiles,
    tile_counts,
    tile_deviations,
    tile_means,
    tile_ranges,
)


@pytest.mark.parametrize("shape", [(64, 64), (70, 45), (16, 33)])
def test_every_whole_square_is_measured_as_if_cut_out(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(3).normal(90, 30, shape).astype(np.float32)
    means, ranges, deviations = tile_means(plane), tile_ranges(plane), tile_deviations(plane)
    assert means.shape == (shape[0] // 16, shape[1] // 16)
    for (row, column), mean in np.ndenumerate(means):
        tile = plane[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
        assert mean == pytest.approx(tile.mean(), rel=1e-5)
        assert ranges[row, column] == pytest.approx(np.ptp(tile))
        assert deviations[row, column] == pytest.approx(tile.std(), rel=1e-3)


@pytest.mark.parametrize("side_px", [2, 8, 16])
def test_small_squares_have_ranges_and_means_too(side_px: int) -> None:
    plane = np.random.default_rng(4).integers(0, 256, (33, 50)).astype(np.uint8)
    tile = plane[:side_px, side_px : 2 * side_px].astype(float)
    assert tile_ranges(plane, side_px)[0, 1] == np.ptp(tile)
    mean = tile_means(plane.astype(np.float32), side_px)[0, 1]
    assert mean == pytest.approx(tile.mean(), rel=1e-5)


def test_what_is_marked_in_each_square_is_counted() -> None:
    marks = np.zeros((35, 40), np.uint8)
    marks[:16, :16] = 1
    marks[20, 17:20] = 1
    assert tile_counts(marks).tolist() == [[256, 0], [0, 3]]


def test_the_last_columns_of_each_square_may_be_left_out() -> None:
    marks = np.tile((np.arange(32) % 16 >= 13).astype(np.uint8), (16, 1))
    assert tile_counts(marks).tolist() == [[48, 48]]
    assert tile_counts(marks, across_px=15).tolist() == [[32, 32]]


def test_the_middle_is_taken_and_small_planes_are_whole() -> None:
    plane = np.arange(100).reshape(10, 10)
    assert middle(plane, 2).tolist() == [[44, 45], [54, 55]]
    assert middle(plane, 30).shape == (10, 10)


def test_quantiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(5).normal(size=(7, 9))
    assert quantiles(values, (0.1, 0.5, 0.9)) == pytest.approx(np.quantile(values, (0.1, 0.5, 0.9)))

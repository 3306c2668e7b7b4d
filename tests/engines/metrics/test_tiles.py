"""Statistics of a plane's squares: the same as by cutting each out."""

from __future__ import annotations

import numpy as np
import pytest

from engines.metrics.tiles import middle, quantiles, tile_deviations, tile_ranges, tile_sums


@pytest.mark.parametrize("shape", [(64, 64), (70, 45), (16, 33)])
def test_every_whole_square_is_measured_as_if_cut_out(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(3).normal(90, 30, shape).astype(np.float32)
    sums, ranges, deviations = tile_sums(plane), tile_ranges(plane), tile_deviations(plane)
    assert sums.shape == (shape[0] // 16, shape[1] // 16)
    for (row, column), total in np.ndenumerate(sums):
        tile = plane[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
        assert total == pytest.approx(tile.sum(), rel=1e-5)
        assert ranges[row, column] == pytest.approx(np.ptp(tile))
        assert deviations[row, column] == pytest.approx(tile.std(), rel=1e-3)


def test_a_part_of_each_square_is_summed() -> None:
    plane = np.tile(np.arange(32, dtype=np.uint8) % 16, (16, 1))
    assert tile_sums(plane, across_px=3).tolist() == [[16 * 3.0, 16 * 3.0]]


def test_the_middle_is_taken_and_small_planes_are_whole() -> None:
    plane = np.arange(100).reshape(10, 10)
    assert middle(plane, 2).tolist() == [[44, 45], [54, 55]]
    assert middle(plane, 30).shape == (10, 10)


def test_quantiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(5).normal(size=(7, 9))
    assert quantiles(values, (0.1, 0.5, 0.9)) == pytest.approx(np.quantile(values, (0.1, 0.5, 0.9)))

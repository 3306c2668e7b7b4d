"""Gray planes and their statistics at the smallest sizes, and whatever the layout in memory."""

from __future__ import annotations

import numpy as np
import pytest

from engines.metrics.gray import luma, shrunk
from engines.metrics.tiles import median, middle, quantiles, tile_counts, tile_means, tile_ranges


@pytest.mark.parametrize(
    ("color", "expected"),
    [((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29), ((255, 255, 255), 255)],
)
def test_luma_weighs_the_channels_as_bt_601_does(
    color: tuple[int, int, int], expected: int
) -> None:
    assert luma(np.full((1, 1, 3), color, dtype=np.uint8)).tolist() == [[expected]]


def test_luma_does_not_depend_on_the_layout_in_memory() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert (luma(np.asfortranarray(pixels)) == luma(pixels)).all()
    assert (luma(np.ascontiguousarray(pixels[::-1])[::-1]) == luma(pixels)).all()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((512, 512), (512, 512)),
        ((1, 1), (1, 1)),
        ((513, 512), (512, 511)),
        ((1024, 256), (512, 128)),
        ((1, 4000), (1, 512)),
        ((4000, 1), (512, 1)),
    ],
)
def test_a_plane_is_made_smaller_and_never_larger(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    gray = np.full(shape, 77, dtype=np.uint8)
    small = shrunk(gray)
    assert small.shape == expected
    assert (small == 77).all()


@pytest.mark.parametrize("count", [1, 2, 3, 10, 101])
def test_quantiles_are_numpys(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    shares = (0.0, 0.01, 0.5, 0.999, 1.0)
    assert quantiles(values, shares) == pytest.approx(np.quantile(values, shares))
    assert median(values) == pytest.approx(np.median(values))


@pytest.mark.parametrize("shape", [(1, 1), (15, 400), (400, 15)])
def test_a_plane_without_a_whole_tile_has_no_statistics(shape: tuple[int, int]) -> None:
    plane = np.ones(shape, dtype=np.uint8)
    for found in (tile_ranges(plane), tile_counts(plane)):
        assert found.size == 0


def test_the_middle_of_a_small_plane_is_the_plane() -> None:
    plane = np.arange(12.0).reshape(3, 4)
    assert (middle(plane, 100) == plane).all()
    assert middle(plane, 2).tolist() == [[1.0, 2.0], [5.0, 6.0]]


def test_tiles_of_a_part_of_a_plane_are_those_of_its_copy() -> None:
    plane = np.random.default_rng(1).integers(0, 256, (70, 90)).astype(np.float32)
    part = plane[3:40, 5:60]
    assert (tile_ranges(part) == tile_ranges(part.copy())).all()
    assert (tile_means(part) == tile_means(part.copy())).all()

"""Statistics of whole rows and columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import skimage.data

from engines.metrics.defects.lines import NUMBERS, line_numbers
from engines.metrics.runs import longest_run, runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

REPEATED, AT_AN_END, WITHIN, SHARPEST, SIXTEENTH = 0, 1, 2, 3, 7
REPETITION, PERIOD, HEIGHT, STANDING_OUT = 8, 9, 10, 11
AT_BOTH_ENDS, LEVEL_OF_END, STEP_OF_END, ACROSS = 12, 13, 14, 15


@pytest.fixture(scope="module")
def luma() -> Plane:
    return skimage.data.camera()[:300, :400].astype(np.float32)


def changed(plane: Plane, change: Callable[[Plane], None]) -> Plane:
    copy = plane.copy()
    change(copy)
    return copy


def repeat_a_row(plane: Plane) -> None:
    plane[100:160] = plane[100]


def lose_a_part(plane: Plane) -> None:
    plane[240:] = 128


def lose_a_band(plane: Plane) -> None:
    plane[100:130] = 255


def shift_bands(plane: Plane) -> None:
    for first in range(0, 300, 30):
        plane[first : first + 15] = np.roll(plane[first : first + 15], 40, 1)


def lose_every_25th(plane: Plane) -> None:
    plane[::25] = 0


def add_stripes(plane: Plane) -> None:
    plane += (10 * np.sin(np.arange(300) * 2 * np.pi / 30))[:, None]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (repeat_a_row, REPEATED),
        (lose_a_part, AT_AN_END),
        (lose_a_band, WITHIN),
        (shift_bands, SIXTEENTH),
        (lose_every_25th, REPETITION),
        (add_stripes, PERIOD),
        (add_stripes, HEIGHT),
        (lose_every_25th, STANDING_OUT),
    ],
)
def test_a_defect_of_lines_raises_its_number_most_along_them(
    change: Callable[[Plane], None], number: int, luma: Plane
) -> None:
    clean, spoiled = line_numbers(luma), line_numbers(changed(luma, change))
    along, across = (spoiled[n] - clean[n] for n in (number, number + NUMBERS))
    assert along > 0.15
    assert along > 2 * abs(across)


def test_shares_are_of_the_height(luma: Plane) -> None:
    found = line_numbers(changed(luma, lose_a_part))
    assert math.exp(found[AT_AN_END]) == pytest.approx(0.2, abs=0.004)
    found = line_numbers(changed(luma, repeat_a_row))
    assert math.exp(found[REPEATED]) == pytest.approx(0.2, abs=0.01)


def test_a_plain_end_is_told_from_bars_at_both_ends(luma: Plane) -> None:
    def add_bars(plane: Plane) -> None:
        plane[:45] = plane[270:] = 0

    end, bars = line_numbers(changed(luma, lose_a_part)), line_numbers(changed(luma, add_bars))
    assert math.exp(bars[AT_BOTH_ENDS]) == pytest.approx(0.1, abs=0.004)
    assert math.exp(end[AT_BOTH_ENDS]) < 0.004
    assert end[LEVEL_OF_END] == pytest.approx(0, abs=0.01)
    assert bars[LEVEL_OF_END] == -1
    assert math.exp(end[STEP_OF_END]) == pytest.approx(
        float(np.abs(luma[239] - 128).mean()), rel=0.2
    )


def test_a_picture_without_a_plain_part_has_no_level_of_it(luma: Plane) -> None:
    found = line_numbers(luma)
    for number in (LEVEL_OF_END, ACROSS, LEVEL_OF_END + NUMBERS, ACROSS + NUMBERS):
        assert found[number] == 0


def test_what_a_band_lies_on_belongs_together_and_parts_of_a_collage_do_not(luma: Plane) -> None:
    def lay_a_band(plane: Plane) -> None:
        plane[100:108] = 255

    def join_another(plane: Plane) -> None:
        plane[108:] = np.random.default_rng(0).permuted(plane[108:], axis=1)
        plane[100:108] = 255

    assert line_numbers(changed(luma, lay_a_band))[ACROSS] > 0.7
    assert abs(line_numbers(changed(luma, join_another))[ACROSS]) < 0.3


def test_stripes_have_their_height_in_gray_levels() -> None:
    plane = np.full((300, 300), 128, np.float32)
    assert math.exp(line_numbers(changed(plane, add_stripes))[HEIGHT]) == pytest.approx(10, rel=0.1)


def test_columns_of_a_picture_are_rows_of_the_turned_one(luma: Plane) -> None:
    found = line_numbers(luma)
    turned = line_numbers(np.ascontiguousarray(luma.T))
    assert turned == [*found[NUMBERS:], *found[:NUMBERS]]


@pytest.mark.parametrize("shape", [(64, 64), (64, 1024), (97, 65)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_gray_has_finite_numbers(shape: tuple[int, int], level: int) -> None:
    found = line_numbers(np.full(shape, level, np.float32))
    assert len(found) == 2 * NUMBERS
    assert np.isfinite(found).all()
    assert found[AT_AN_END] > math.log(0.99)


@pytest.mark.parametrize(
    ("marks", "longest"),
    [([], 0), ([False], 0), ([True], 1), ([True, True, False, True], 2), ([False, True, True], 2)],
)
def test_the_longest_run(marks: list[bool], longest: int) -> None:
    assert longest_run(np.array(marks, bool)) == longest


def test_runs_begin_at_the_first_and_end_behind_the_last() -> None:
    assert runs(np.array([True, True, False, False, True])) == [(0, 2), (4, 5)]
    assert runs(np.array([False, False])) == []

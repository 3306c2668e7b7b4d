"""What the allowance lets a reader do, and which shapes of a detector's map become lines."""

from __future__ import annotations

import numpy as np
import pytest
from rapidocr.ch_ppocr_det.utils import DBPostProcess

from engines.privacy.text.allowance import MOST_RATIO, ReadingAllowance
from engines.privacy.text.rapidocr_engine import LargestShapes


def test_the_highest_lines_are_read_first() -> None:
    sizes = [(10, 100), (30, 300), (20, 200), (30, 300)]
    assert ReadingAllowance(20).chosen(sizes) == [1, 3]
    assert ReadingAllowance(30).chosen(sizes) == [1, 2, 3]
    assert ReadingAllowance(40).chosen(sizes) == [0, 1, 2, 3]


def test_what_one_picture_took_is_not_there_for_the_next() -> None:
    allowance = ReadingAllowance(130)
    assert allowance.takes_look(1000, 1000)
    assert len(allowance.chosen([(10, 100)] * 9)) == 3
    assert allowance.chosen([(10, 100)]) == []
    assert not allowance.takes_look(1000, 1000)


def test_a_short_line_costs_as_much_as_the_recognizer_fills_it_up_to() -> None:
    assert len(ReadingAllowance(70).chosen([(10, 10)] * 100)) == 10


def test_a_line_beyond_the_longest_is_never_read() -> None:
    length = 10 * MOST_RATIO
    assert ReadingAllowance(1e6).chosen([(10, length), (10, length + 1), (0, 0)]) == [0, 2]


def shapes(count: int, value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A detector's map with `count` rectangles of 14 by 6 px, 40 in a row."""
    pred = np.zeros((800, 800), dtype=np.float32)
    for number in range(count):
        y, x = 12 * (number // 40), 20 * (number % 40)
        pred[y : y + 6, x : x + 14] = value
    return pred


def test_faint_shapes_hide_no_line_and_are_not_told() -> None:
    """A white picture has thousands of them, of which RapidOCR takes any 1000."""
    pred = shapes(1600, 0.35)
    pred[600:630, 100:500] = 0.9
    found = LargestShapes(DBPostProcess(box_thresh=0.5, unclip_ratio=1.6))
    boxes, _ = found.boxes_from_bitmap(pred, pred > 0.3, 800, 800)
    assert len(boxes) == 1
    assert found.left_out is None


@pytest.mark.parametrize("count", [1000, 1400])
def test_of_more_shapes_than_become_lines_the_others_are_told(count: int) -> None:
    found = LargestShapes(DBPostProcess(box_thresh=0.5, unclip_ratio=1.6))
    pred = shapes(count, 0.9)
    pred[790:798, 100:500] = 0.9
    boxes, _ = found.boxes_from_bitmap(pred, pred > 0.3, 1600, 1600)
    assert len(boxes) == 1000
    assert max(int(box[:, 0].max() - box[:, 0].min()) for box in boxes) > 700
    assert found.left_out is not None
    assert found.left_out[:, 1].max() <= 2 * 12 * 36

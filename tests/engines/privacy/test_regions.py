"""Boxes of findings: what is covered, how far, and what is left of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.privacy import COVER_METHODS
from engines.privacy.covering import covered, widened
from engines.privacy.faces.boxes import clipped, merged, overlap, scaled, turned_back
from engines.privacy.model import Box, Face
from engines.privacy.text.document import union

PIXELS = np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8)
WIDTH, HEIGHT = 64, 48
BOX: Box = (10, 8, 30, 20)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """A box of at least one pixel inside the image."""
    x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return x, y, draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y))


def inside(box: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = True
    return mask


@given(boxes(), st.sampled_from(COVER_METHODS), st.integers(1, 8))
def test_any_box_is_covered_and_nothing_else_changes(box: Box, method: str, strength: int) -> None:
    result = covered(PIXELS, [box], method, strength)
    assert result.shape == PIXELS.shape
    assert result.dtype == np.uint8
    assert (result[~inside(box)] == PIXELS[~inside(box)]).all()


@pytest.mark.parametrize("method", COVER_METHODS)
def test_the_picture_of_the_caller_is_not_changed(method: str) -> None:
    locked = PIXELS.copy()
    locked.flags.writeable = False
    covered(locked, [BOX], method, 2)
    assert (locked == PIXELS).all()


@pytest.mark.parametrize("method", COVER_METHODS)
def test_the_layout_in_memory_does_not_change_the_cover(method: str) -> None:
    expected = covered(PIXELS, [BOX], method, 2)
    views = (np.asfortranarray(PIXELS), np.ascontiguousarray(PIXELS[::-1])[::-1])
    for view in views:
        assert (covered(view, [BOX], method, 2) == expected).all()


@pytest.mark.parametrize("method", COVER_METHODS)
def test_a_box_beyond_the_lower_right_corner_is_covered_up_to_it(method: str) -> None:
    whole = covered(PIXELS, [(40, 30, 24, 18)], method, 1)
    assert (covered(PIXELS, [(40, 30, 400, 300)], method, 1) == whole).all()


@pytest.mark.parametrize("method", COVER_METHODS)
def test_a_box_that_begins_before_the_image_is_covered_from_its_edge(method: str) -> None:
    result = covered(PIXELS, [(-6, -4, 20, 12)], method, 1)
    assert (result == covered(PIXELS, [(0, 0, 14, 8)], method, 1)).all()


@pytest.mark.parametrize("box", [(-9, 4, 5, 5), (4, -9, 5, 5), (WIDTH, 0, 3, 3), (3, 3, -1, 4)])
def test_a_box_with_nothing_in_the_image_covers_nothing(box: Box) -> None:
    assert (covered(PIXELS, [box], "box", 1) == PIXELS).all()


def test_a_painted_box_tells_nothing_but_its_mean_color() -> None:
    shuffled = PIXELS.copy()
    region = shuffled[8:28, 10:40].reshape(-1, 3)
    shuffled[8:28, 10:40] = np.random.default_rng(0).permutation(region).reshape(20, 30, 3)
    assert (shuffled != PIXELS).any()
    assert (covered(shuffled, [BOX], "box", 1) == covered(PIXELS, [BOX], "box", 1)).all()


def test_no_boxes_leave_an_equal_copy() -> None:
    result = covered(PIXELS, [], "blur", 1)
    assert result is not PIXELS
    assert (result == PIXELS).all()


@given(boxes(), st.floats(0, 1))
def test_a_widened_box_holds_the_box_and_stays_in_the_image(box: Box, margin: float) -> None:
    wide = widened(box, margin, WIDTH, HEIGHT)
    assert union([wide, box]) == wide
    assert union([wide, (0, 0, WIDTH, HEIGHT)]) == (0, 0, WIDTH, HEIGHT)


@given(boxes(), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_larger_margin_never_covers_less(box: Box, margin: float, more: float) -> None:
    wide = widened(box, margin, WIDTH, HEIGHT)
    wider = widened(box, margin + more, WIDTH, HEIGHT)
    assert union([wide, wider]) == wider


@given(boxes())
def test_a_box_outside_the_image_is_empty_and_one_inside_is_itself(box: Box) -> None:
    x, y, width, height = box
    assert clipped(box, WIDTH, HEIGHT) == box
    assert 0 in clipped((x + WIDTH, y, width, height), WIDTH, HEIGHT)[2:]
    assert 0 in clipped((x, y - 2 * HEIGHT, width, height), WIDTH, HEIGHT)[2:]


@given(boxes(), st.integers(0, 3))
def test_a_box_that_was_turned_and_turned_back_is_itself(box: Box, turns: int) -> None:
    rows, columns = np.nonzero(np.rot90(inside(box), turns))
    x, y = int(columns.min()), int(rows.min())
    found = (x, y, int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    assert turned_back(found, turns, WIDTH, HEIGHT) == box
    assert turned_back(found, turns + 4, WIDTH, HEIGHT) == box


@given(boxes(), st.integers(1, 5))
def test_an_enlarged_box_shrinks_back(box: Box, factor: int) -> None:
    assert scaled(scaled(box, factor), 1 / factor) == box


@given(boxes(), boxes())
def test_the_overlap_is_a_share_and_does_not_depend_on_the_order(one: Box, other: Box) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert 0 <= overlap(one, other) <= 1
    assert overlap(one, one) == 1


@given(st.lists(st.tuples(boxes(), st.floats(0, 1)), max_size=6))
def test_faces_that_were_merged_stay_as_they_are(found: list[tuple[Box, float]]) -> None:
    faces = merged(Face(box, confidence) for box, confidence in found)
    assert merged(faces) == faces
    confidences = [face.confidence for face in faces]
    assert confidences == sorted(confidences, reverse=True)
    assert bool(faces) == bool(found)

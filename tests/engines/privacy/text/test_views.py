"""What a reader is shown of a large picture: tiles that cover it, none without detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engines.privacy.config import TextConfig
from engines.privacy.text import is_unread
from engines.privacy.text.allowance import ReadingAllowance
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from engines.privacy.text.views import tiles_of, views_of

if TYPE_CHECKING:
    from engines.types import Pixels

CONFIG = TextConfig()
RIGHT, LOW = 480, 200


def page(side: int) -> Pixels:
    """A white page with one line of small letters at the lower right."""
    pixels = np.full((side, side, 3), 255, dtype=np.uint8)
    corner = (side - RIGHT, side - LOW)
    cv2.putText(pixels, "jane.doe@example.com", corner, cv2.FONT_HERSHEY_DUPLEX, 0.8, (0, 0, 0), 1)
    return pixels


@pytest.mark.parametrize(("height", "width"), [(2800, 2800), (736, 737), (100, 5000), (1, 1)])
def test_tiles_cover_a_picture_and_stay_within_it(height: int, width: int) -> None:
    seen = np.zeros((height, width), dtype=np.uint8)
    for x, y, across, down in tiles_of(height, width):
        assert across <= 736
        assert down <= 736
        assert x + across <= width
        assert y + down <= height
        seen[y : y + down, x : x + across] += 1
    assert seen.min() >= 1


@pytest.mark.parametrize("side", [512, 1024, 1700])
def test_a_picture_that_is_not_large_is_shown_once(side: int) -> None:
    (view,) = views_of(page(side), CONFIG)
    assert view.part == (0, 0, side, side)


def test_a_plain_page_of_2048_px_is_shown_a_second_time_smaller() -> None:
    """The detector misses a single small line on a large blank page."""
    whole, again = views_of(page(2048), CONFIG)
    assert (whole.pixels.shape[0], again.pixels.shape[0]) == (960, 717)
    assert again.part == pytest.approx((0, 0, 2048, 2048), abs=2)
    blank = np.full((2048, 2048, 3), 255, dtype=np.uint8)
    assert len(list(views_of(blank, CONFIG))) == 1


def test_a_picture_of_2048_px_full_of_detail_is_shown_once() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3)).astype(np.uint8)
    pixels = cv2.resize(noise, (2048, 2048), interpolation=cv2.INTER_NEAREST)
    assert len(list(views_of(np.asarray(pixels, dtype=np.uint8), CONFIG))) == 1


def test_of_a_large_picture_only_tiles_with_detail_are_shown() -> None:
    whole, *tiles = views_of(page(4096), CONFIG)
    assert whole.part == (0, 0, 4096, 4096)
    assert whole.pixels.shape == (960, 960, 3)
    assert len(tiles) == 1
    (only,) = tiles
    assert only.factor == pytest.approx(0.35)
    assert only.pixels.shape == (736, 736, 3)
    assert only.part[0] < 4096 - RIGHT < only.part[0] + only.part[2]
    assert list(views_of(np.full((4096, 4096, 3), 90, dtype=np.uint8), CONFIG))[1:] == []


@pytest.mark.parametrize(("height", "width"), [(2800, 2800), (1500, 737), (100, 5000)])
def test_a_word_at_the_end_of_a_tile_is_whole_in_the_next(height: int, width: int) -> None:
    boxes = tiles_of(height, width)
    for x, y, across, down in boxes:
        beside = [left for left, top, _, _ in boxes if top == y and left > x]
        below = [top for _, top, _, _ in boxes if top > y]
        assert not beside or min(beside) <= x + across - 128
        assert not below or min(below) <= y + down - 48


def test_the_tile_with_the_most_words_is_shown_first() -> None:
    """If the work does not suffice for all tiles, it is spent where most can be read."""
    pixels = page(4096)
    for line in range(12):
        at = (300, 300 + 40 * line)
        cv2.putText(pixels, "patient record", at, cv2.FONT_HERSHEY_DUPLEX, 0.8, (0, 0, 0), 1)
    _, first, *others = views_of(pixels, CONFIG)
    assert first.part[0] <= 300 < first.part[0] + first.part[2]
    assert first.part[1] <= 300 < first.part[1] + first.part[3]
    assert any(view.part[1] + view.part[3] > 4096 - LOW for view in others)


@pytest.mark.parametrize(
    ("height", "width"), [(4096, 2500), (2999, 4001), (9000, 300), (60, 9000), (1, 9000)]
)
def test_all_views_lie_in_the_picture_and_have_its_scale(height: int, width: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
    pixels = cv2.resize(noise.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    for view in views_of(np.asarray(pixels, dtype=np.uint8), CONFIG):
        x, y, across, down = view.part
        assert 0 <= x < x + across <= width + 2
        assert 0 <= y < y + down <= height + 2
        assert view.pixels.shape[0] == pytest.approx(down * view.factor, abs=1.5)
        assert view.pixels.shape[1] == pytest.approx(across * view.factor, abs=1.5)


@pytest.mark.slow
def test_a_smooth_picture_and_a_single_edge_have_no_words() -> None:
    ramp = np.linspace(0, 255, 4096, dtype=np.uint8)
    smooth = np.broadcast_to(ramp[None, :, None], (4096, 4096, 3)).copy()
    assert len(list(views_of(smooth, CONFIG))) == 1
    halves = np.zeros((4096, 4096, 3), dtype=np.uint8)
    halves[1000:] = 255
    assert len(list(views_of(halves, CONFIG))) == 1


def test_larger_letters_need_no_tiles() -> None:
    assert len(list(views_of(page(4096), TextConfig(small_letters_px=60.0)))) == 1


@pytest.mark.slow
def test_a_part_that_is_not_looked_at_for_want_of_work_is_told(rapidocr: RapidOcrReader) -> None:
    pixels = page(4096)
    looks = ReadingAllowance(100)  # enough for the whole, not for a tile
    regions = rapidocr.read(pixels, looks)
    (left_out,) = [region for region in regions if region.is_left_out]
    assert is_unread(left_out, 4096, CONFIG)
    assert left_out.box[2] < 4096


@pytest.mark.slow
@pytest.mark.parametrize("side", [2048, 4096, 8000])
def test_small_letters_in_a_large_picture_are_read_where_they_stand(
    rapidocr: RapidOcrReader, side: int
) -> None:
    (line,) = rapidocr.read(page(side))
    assert line.text.replace(" ", "") == "jane.doe@example.com"
    assert line.box[0] == pytest.approx(side - RIGHT, abs=40)
    assert line.box[1] == pytest.approx(side - LOW - 20, abs=40)

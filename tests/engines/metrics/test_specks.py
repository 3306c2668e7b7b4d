"""Salt and pepper are taken off; stars, letters and texture are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from engines.metrics.measurement import measure
from engines.metrics.noise import grain, without_specks

if TYPE_CHECKING:
    from engines.metrics.gray import Gray

SIDE = 128


def flat(level: int, side: int = SIDE) -> Gray:
    return np.full((side, side), level, np.uint8)


def scattered(plane: Gray, level: int, count: int, seed: int = 0) -> Gray:
    """With `count` pixels of `level`, none beside another."""
    places = np.random.default_rng(seed).permutation((SIDE // 4) ** 2)[:count]
    rows, columns = np.divmod(places, SIDE // 4)
    spotted = plane.copy()
    spotted[4 * rows + 1, 4 * columns + 1] = level
    return spotted


class TestWhatIsASpeck:
    @pytest.mark.parametrize(
        ("level", "ground", "speck"),
        [
            (255, 120, True),
            (249, 120, True),  # white within six levels
            (248, 120, False),
            (0, 120, True),
            (6, 120, True),
            (7, 120, False),
            (255, 204, True),  # 51 levels off what is around it
            (255, 205, False),
            (0, 51, True),
            (0, 50, False),
        ],
    )
    def test_black_or_white_and_far_off(self, level: int, ground: int, speck: bool) -> None:
        found = without_specks(scattered(flat(ground), level, 40))
        assert (found.share > 0) is speck
        assert bool((found.cleaned == ground).all()) is speck

    def test_each_counts_once(self) -> None:
        found = without_specks(scattered(flat(120), 255, 60))
        assert found.share == pytest.approx(60 / SIDE**2)
        assert found.lonely == found.share

    def test_one_in_a_corner_is_one(self) -> None:
        plane = flat(120)
        plane[0, 0] = plane[-1, -1] = 255
        found = without_specks(plane)
        assert found.share == pytest.approx(2 / SIDE**2)
        assert (found.cleaned == 120).all()

    def test_outliers_in_between_are_texture_and_make_specks_doubtful(self) -> None:
        """With p black and white ones of q in all, the share is p * p / q."""
        mixed = scattered(scattered(flat(120), 255, 300), 200, 100)
        white, between = int((mixed == 255).sum()), int((mixed == 200).sum())
        expected = white**2 / (white + between) / SIDE**2
        assert without_specks(mixed).share == pytest.approx(expected)


class TestWhatIsLeft:
    @pytest.mark.parametrize("level", [0, 90, 255])
    def test_a_plain_picture_is_handed_back_as_it_is(self, level: int) -> None:
        plane = flat(level)
        assert without_specks(plane).cleaned is plane
        assert without_specks(plane)[1:] == (0, 0)

    def test_the_picture_itself_is_not_changed(self) -> None:
        plane = scattered(flat(120), 255, 40)
        before = plane.copy()
        assert without_specks(plane).cleaned is not plane
        assert np.array_equal(plane, before)

    @pytest.mark.parametrize("ground", [10, 30, 45])
    def test_stars_of_a_night_are_none(self, ground: int) -> None:
        night = scattered(flat(ground), 255, 100)
        found = without_specks(night)
        assert found.cleaned is night
        assert (found.share, found.lonely) == (0, 0)

    def test_by_day_the_same_spots_are_specks(self) -> None:
        assert without_specks(scattered(flat(120), 255, 100)).share > 0

    def test_black_ones_among_them_are_no_stars(self) -> None:
        both = scattered(scattered(flat(60), 255, 30), 0, 30, seed=1)
        assert without_specks(both).share > 0

    def test_so_many_that_they_cover_the_sky_are_no_stars(self) -> None:
        assert without_specks(scattered(flat(10), 255, 400)).share > 0.01

    def test_thin_lines_are_specks_but_no_lonely_ones(self) -> None:
        """Letters lose their strokes to a median, and their neighbors tell them from salt."""
        page = flat(120)
        page[10::16] = 255
        found = without_specks(page)
        assert found.share == pytest.approx(8 / SIDE)
        assert without_specks(page[:, :64]).lonely <= found.share
        few = flat(120)
        few[20, :60] = 255
        assert without_specks(few).share > 0
        assert without_specks(few).lonely == 0

    @pytest.mark.parametrize("letters", ["ink", "chalk"])
    def test_of_letters_and_dust_the_dust_is_lonely(self, letters: str) -> None:
        board = flat(120)
        board[20, :60] = 0 if letters == "ink" else 255
        dusty = board.copy()
        dusty[60::8, 4::8] = 255
        found = without_specks(dusty)
        dust = int((dusty != board).sum())
        assert found.lonely == pytest.approx(found.share * dust / (dust + 60), rel=0.02)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_cleaning_changes_black_and_white_pixels_alone(height: int, width: int, seed: int) -> None:
    levels = np.array([0, 3, 60, 128, 200, 252, 255], np.uint8)
    plane = np.random.default_rng(seed).choice(levels, (height, width))
    found = without_specks(plane)
    changed = plane[found.cleaned != plane]
    assert ((changed <= 6) | (changed >= 249)).all()
    assert 0 <= found.lonely <= found.share <= 1


class TestGrain:
    @pytest.mark.parametrize("clipped", [0, 255])
    def test_clipped_parts_hide_noise_and_do_not_count(self, clipped: int) -> None:
        noisy = np.random.default_rng(0).normal(128, 9, (SIDE, SIDE))
        half = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        whole = grain(half)
        half[:, : SIDE // 2] = clipped
        found = grain(half)
        assert found.sigma == pytest.approx(9, rel=0.1)
        assert found.share == pytest.approx(0.5, abs=0.07)
        assert whole.share == 1
        assert found.of_all < 1 < whole.of_all == whole.sigma

    def test_where_all_is_clipped_all_counts(self) -> None:
        assert grain(flat(255)) == (0, 1, 0)

    def test_a_picture_under_sixteen_pixels_is_one_block(self) -> None:
        tiny = np.random.default_rng(0).integers(60, 200, (9, 11)).astype(np.uint8)
        assert grain(tiny).sigma > 5
        assert grain(tiny).share == 1

    def test_noise_that_scaling_would_hide_is_seen_in_the_native_pixels(self) -> None:
        cat = data.chelsea()
        large = np.asarray(cv2.resize(cat, (1500, 1000), interpolation=cv2.INTER_CUBIC))
        drawn = np.random.default_rng(2).normal(0, 15, (1000, 1500, 1))
        noisy = np.clip(large + drawn, 0, 255).astype(np.uint8)
        assert measure(noisy).grain * 255 == pytest.approx(0.8 * 15, rel=0.15)
        assert measure(noisy).noise > 2 * measure(large).noise

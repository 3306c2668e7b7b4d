"""Measures of gross defects against pictures whose answer is known by how they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from skimage import data

from engines.metrics.defects.fine import KEPT_WHEN_CLEAN, MIXED_WHEN_CLEAN, fine, mixed, pattern
from engines.metrics.defects.grid import grid
from engines.metrics.defects.missing import missing
from engines.metrics.defects.neighbors import neighbors, next_to_second, next_to_second_column
from engines.metrics.defects.palette import color_noise, level_share, packed, palette_size
from engines.metrics.gray import luma
from training.quality.pictures.gross_defects import GROSS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.metrics.gray import Gray
    from engines.types import Pixels


@pytest.fixture(scope="module")
def cat() -> Pixels:
    """A sharp photograph, 300 by 451 pixels."""
    return np.ascontiguousarray(data.chelsea())


def noise(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def plane(picture: Pixels | Gray) -> NDArray[np.float32]:
    gray = luma(picture) if picture.ndim == 3 else picture
    return gray.astype(np.float32)


def enlarged(picture: Pixels, times: int) -> Pixels:
    return np.repeat(np.repeat(picture, times, axis=0), times, axis=1)


class TestGrid:
    @pytest.mark.parametrize("side", [4, 7, 8, 16])
    def test_squares_are_measured_at_their_size(self, side: int) -> None:
        found = grid(plane(enlarged(noise(40, 40, 3), side)[:320, :320]))
        assert found.period_px % side == 0
        assert found.strength > 0.8

    def test_where_the_grid_begins_does_not_matter(self, cat: Pixels) -> None:
        mosaic = enlarged(cat[:64, :64], 8)
        strengths = [grid(plane(mosaic[y:400, x:400])).strength for y, x in ((0, 0), (3, 5))]
        assert strengths[0] == pytest.approx(strengths[1], rel=0.1)

    def test_lines_in_one_direction_alone_are_no_grid(self, cat: Pixels) -> None:
        barred = cat.copy()
        barred[:, ::8] //= 2
        assert grid(plane(barred)).strength < 0.3

    def test_a_photograph_and_noise_have_none(self, cat: Pixels) -> None:
        assert grid(plane(cat)).strength < 0.25
        assert grid(plane(noise(300, 300))).strength < 0.25

    def test_too_small_to_tell_is_none(self) -> None:
        assert grid(plane(noise(60, 300))) == (0.0, 0)


class TestMissing:
    @pytest.mark.parametrize("rows", [30, 100, 150, 280])
    def test_it_is_the_share_that_is_gray(self, cat: Pixels, rows: int) -> None:
        cut = cat.copy()
        cut[-rows:] = 128
        assert missing(cut).share == pytest.approx(rows / len(cat), abs=0.02)

    def test_what_jpeg_leaves_in_it_does_not_hide_it(self, cat: Pixels) -> None:
        cut = cat.copy()
        cut[150:] = np.array([128, 128, 128]) + np.random.default_rng(0).integers(
            -1, 2, (150, 451, 3)
        )
        assert missing(cut).share == pytest.approx(0.5, abs=0.02)

    def test_a_product_on_a_plain_table_lacks_nothing(self, cat: Pixels) -> None:
        table = np.full((300, 451, 3), 240, np.uint8)
        table[60:200, 100:350] = cat[60:200, 100:350]
        assert missing(table).share == 0

    @pytest.mark.parametrize("color", [0, 255, 90])
    @pytest.mark.parametrize("px", [12, 30, 90])
    def test_lines_lost_within_it_count_threefold(self, cat: Pixels, px: int, color: int) -> None:
        rows, columns = cat.copy(), cat.copy()
        rows[100 : 100 + px], columns[:, 200 : 200 + px] = color, color
        assert missing(rows).share == pytest.approx(min(1, 3 * px / 300), abs=0.01)
        assert missing(columns).share == pytest.approx(min(1, 3 * px / 451), abs=0.01)

    def test_the_paper_between_two_pictures_is_not_lost(self, cat: Pixels) -> None:
        page = np.full((700, 520, 3), 255, np.uint8)
        page[:300, 30:481] = page[340:640, 30:481] = cat
        assert missing(page).share == 0

    def test_nothing_is_missing_of_a_photograph_or_of_one_color(self, cat: Pixels) -> None:
        assert missing(cat).share == 0
        assert missing(np.full((64, 64, 3), 90, np.uint8)).share == 0
        assert missing(cat[:1]).share == 0


class TestNeighbors:
    @pytest.mark.parametrize(("times", "share"), [(2, 0.5), (4, 0.75), (8, 0.875)])
    def test_enlarged_pixels_are_equal_to_their_neighbors(self, times: int, share: float) -> None:
        picture = enlarged(noise(64, 64, 3), times)[:256, :256]
        found = neighbors(cv2.split(picture), luma(picture))
        assert found.transitions == pytest.approx(1 - share, abs=0.02)
        assert found.equal == pytest.approx(share, abs=0.07)

    def test_the_step_is_the_mean_of_those_that_differ(self) -> None:
        half = np.zeros((64, 64, 3), np.uint8)
        half[:, 32:] = (40, 90, 10)
        found = neighbors(cv2.split(half), luma(half))
        assert found.transitions == pytest.approx(1 / 63 / 2)  # one way; none the other
        assert found.step == 90  # of the channel that differs most

    def test_one_color_has_no_step(self) -> None:
        plain = np.full((64, 64, 3), 7, np.uint8)
        assert neighbors(cv2.split(plain), luma(plain)) == (0.0, 0.0, 0.0, False)

    def test_shifted_rows_differ_from_the_next_as_from_any(self, cat: Pixels) -> None:
        gray = luma(cat)
        torn = gray.copy()
        torn[::2] = np.roll(torn[::2], 60, axis=1)
        assert next_to_second(torn) > 1.5 > 0.95 > next_to_second(gray)
        assert next_to_second_column(torn) < 0.95
        assert next_to_second_column(np.ascontiguousarray(torn.T)) == next_to_second(torn)


class TestPalette:
    @pytest.mark.parametrize("colors", [1, 2, 5, 12])
    def test_it_counts_the_colors_of_a_drawing(self, colors: int) -> None:
        flags = np.repeat(np.arange(colors, dtype=np.uint8) * 20, 16)
        picture = np.stack([np.tile(flags, (64, 1))] * 3, axis=-1)
        assert palette_size(cv2.split(picture)) == colors

    def test_rare_colors_do_not_count(self) -> None:
        picture = np.full((100, 100, 3), 30, np.uint8)
        picture[:4, :100] = noise(4, 100, 3)
        assert palette_size(cv2.split(picture)) == 1

    @pytest.mark.parametrize(("bits", "share"), [(8, 1.0), (6, 0.25), (4, 0.0625)])
    def test_posterized_levels_leave_gaps(self, bits: int, share: float) -> None:
        step = 2 ** (8 - bits)
        picture = noise(256, 256, 3) // step * step
        assert level_share(cv2.split(picture)) == pytest.approx(share, rel=0.1)

    def test_a_picture_in_haze_uses_all_of_its_few_levels(self) -> None:
        haze = 120 + noise(128, 128, 3) // 16
        assert level_share(cv2.split(haze)) == 1

    def test_two_colors_have_the_same_number_only_if_they_are_equal(self) -> None:
        every = noise(64, 64, 3)
        assert np.unique(packed(every)).size == len(np.unique(every.reshape(-1, 3), axis=0))

    @pytest.mark.parametrize("sigma", [4, 10, 20])
    def test_noise_of_color_is_found_in_its_own_unit(self, sigma: int) -> None:
        wide = np.full((192, 192, 3), 128, np.uint8)
        wide[..., 1] += (
            np.random.default_rng(0).normal(0, sigma, (192, 192)).astype(np.int8).view(np.uint8)
        )
        ycc = cv2.cvtColor(np.asarray(wide), cv2.COLOR_YCrCb2RGB)
        assert color_noise(np.asarray(ycc)) == pytest.approx(sigma, rel=0.25)

    def test_gray_noise_is_no_noise_of_color(self) -> None:
        gray = noise(192, 192)
        assert color_noise(np.stack([gray] * 3, axis=-1)) < 1


class TestFineStructure:
    def test_stripes_are_one_frequency(self, cat: Pixels) -> None:
        waves = 40 * np.sin(np.arange(451) * 2 * np.pi / 6)
        striped = plane(cat) + waves.astype(np.float32)
        assert pattern(striped) > 0.5
        assert pattern(plane(cat)) < 0.1
        assert pattern(plane(noise(300, 300))) < 0.1

    @pytest.mark.parametrize("down", [0.0, 0.25, 0.5])
    @pytest.mark.parametrize("across", [0.0, 0.25, 0.5])
    @pytest.mark.parametrize("side", [192, 75])
    def test_waves_of_any_direction_are_a_pattern(
        self, down: float, across: float, side: int
    ) -> None:
        y, x = np.mgrid[:side, :side]
        wave = 90 + 30 * np.cos(2 * np.pi * (down * y + across * x)).astype(np.float32)
        assert (pattern(wave) > 0.4) == (down > 0 or across > 0)

    @pytest.mark.parametrize("scale", [0.5, 2.0])
    def test_a_pattern_is_a_share_and_no_amount(self, cat: Pixels, scale: float) -> None:
        """Contrast and brightness change neither the share nor whether there is a pattern."""
        waves = 40 * np.sin(np.arange(451) * 2 * np.pi / 6).astype(np.float32)
        striped = 0.4 * plane(cat) + waves
        expected = pattern(striped)
        assert 0.5 < expected <= 1
        assert pattern(scale * striped) == pytest.approx(expected, abs=1e-3)
        assert pattern(striped + 30) == pytest.approx(expected, abs=1e-3)

    def test_waves_below_the_contrast_of_rounding_are_no_pattern(self) -> None:
        wave = np.cos(np.arange(200) * 2 * np.pi / 6).astype(np.float32)
        assert pattern(np.tile(90 + wave, (200, 1))) == 0
        assert pattern(np.tile(90 + 4 * wave, (200, 1))) > 0.5

    def test_a_plane_without_structure_has_no_pattern(self) -> None:
        assert pattern(np.full((200, 200), 60, np.float32)) == 0

    def test_noise_everywhere_is_grain_and_a_sharp_picture_is_not(self, cat: Pixels) -> None:
        assert fine(plane(noise(300, 300))).grain > 10 * fine(plane(cat)).grain

    def test_motion_makes_structure_of_one_direction(self, cat: Pixels) -> None:
        moved = cv2.blur(plane(cat), (31, 1))
        assert fine(np.asarray(moved)).directional < 0.5 * fine(plane(cat)).directional

    def test_the_finest_structure_goes_first(self, cat: Pixels) -> None:
        soft = [np.asarray(cv2.GaussianBlur(plane(cat), (0, 0), sigma)) for sigma in (0.6, 1, 2)]
        seen = [fine(each).fine for each in (plane(cat), *soft)]
        assert seen == sorted(seen, reverse=True)

    def test_halos_are_crisp(self, cat: Pixels) -> None:
        gray = plane(cat)
        halos = np.clip(gray + 3 * (gray - cv2.GaussianBlur(gray, (0, 0), 1.5)), 0, 255)
        assert fine(halos).crisp > 1.3 * fine(gray).crisp

    def test_a_codec_that_smears_leaves_no_twist(self, cat: Pixels) -> None:
        ok, file = cv2.imencode(".webp", cat, [cv2.IMWRITE_WEBP_QUALITY, 1])
        assert ok
        smeared = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))
        assert mixed(luma(smeared)) < mixed(luma(cat))
        assert mixed(np.full((200, 200), 9, np.uint8)) == MIXED_WHEN_CLEAN

    def test_a_codec_that_smooths_keeps_less_below_the_contours(self, cat: Pixels) -> None:
        spoil, levels = GROSS["WebP"]
        least = fine(luma(spoil(cat, levels[-1])).astype(np.float32)).kept
        most = fine(luma(spoil(cat, levels[0])).astype(np.float32)).kept
        assert least < most <= fine(luma(cat).astype(np.float32)).kept
        assert fine(np.full((200, 200), 9, np.float32)).kept == KEPT_WHEN_CLEAN

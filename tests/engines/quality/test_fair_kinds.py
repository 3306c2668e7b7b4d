"""Clean pictures that are no photographs in daylight pass, and spoiled ones do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engines.metrics.content import content, is_pixel_art
from engines.metrics.defects.defects import Defects, defects
from engines.metrics.defects.missing import missing
from engines.metrics.noise import without_specks
from engines.metrics.page import page
from engines.quality import QualityConfig
from engines.quality.judging import judge
from training.quality.pictures import scenes, unseen_scenes
from training.quality.pictures.gross_defects import GROSS
from training.quality.pictures.kinds import slide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.types import Pixels

PASSES = QualityConfig().pass_threshold
SIDE_PX = 512


def score(pixels: Pixels) -> float:
    return judge(pixels, QualityConfig()).score


@pytest.fixture
def photo(photos: Mapping[str, Pixels]) -> Pixels:
    size = (SIDE_PX, SIDE_PX)
    one = cv2.resize(next(iter(photos.values())), size, interpolation=cv2.INTER_AREA)
    return np.asarray(one, np.uint8)


@pytest.mark.parametrize("kind", scenes.DRAWN)
def test_drawn_kinds_pass_when_clean(kind: str) -> None:
    scores = [score(scenes.DRAWN[kind](index, SIDE_PX)) for index in range(4)]
    assert min(scores) >= PASSES


@pytest.mark.parametrize("kind", scenes.OF_PHOTOGRAPHS)
def test_kinds_made_of_photographs_pass_when_clean(kind: str, photo: Pixels) -> None:
    for index in range(2):
        assert score(scenes.OF_PHOTOGRAPHS[kind](photo, index, SIDE_PX)) >= PASSES


@pytest.mark.parametrize("ground", [244, 128])
def test_a_small_object_on_a_large_plain_ground_is_not_a_blank_picture(
    photo: Pixels, ground: int
) -> None:
    page, oval = np.full((SIDE_PX, SIDE_PX, 3), ground, np.uint8), np.zeros((80, 120), np.uint8)
    cv2.ellipse(oval, (60, 40), (58, 38), 0, 0, 360, 255, -1)
    small = cv2.resize(photo, (120, 80), interpolation=cv2.INTER_AREA)
    page[200:280, 300:420][oval > 0] = small[oval > 0]
    cv2.ellipse(page, (256, 256), (230, 200), 0, 20, 250, (90, 90, 90), 2, cv2.LINE_AA)
    for profile in ("product", "auto"):
        assert judge(page, QualityConfig(profile=profile)).score >= PASSES


def test_a_plain_ground_with_one_dot_is_still_blank() -> None:
    page = np.full((SIDE_PX, SIDE_PX, 3), 235, np.uint8)
    cv2.circle(page, (300, 200), 9, (60, 60, 60), -1, cv2.LINE_AA)
    assert score(page) < 0.1


@pytest.mark.parametrize("kind", ["screen", "document", "chart", "hatching", "vector art"])
def test_drawn_kinds_are_judged_as_drawings(kind: str) -> None:
    chosen = {judge(scenes.DRAWN[kind](i, SIDE_PX), QualityConfig()).thresholds for i in range(3)}
    assert chosen == {"auto:illustration"}


@pytest.mark.parametrize("kind", ["screen", "document", "chart", "hatching", "vector art"])
def test_drawn_kinds_fail_when_noisy_or_blurred(kind: str) -> None:
    drawn = scenes.DRAWN[kind](1, SIDE_PX)
    noise = np.random.default_rng(0).normal(0, 60, drawn.shape)
    assert score((drawn + noise).clip(0, 255).astype(np.uint8)) < PASSES
    assert score(np.asarray(cv2.GaussianBlur(drawn, (0, 0), 8))) < PASSES


def test_a_gradient_with_next_to_no_range_is_blank() -> None:
    ramp = np.linspace(120, 124, SIDE_PX).astype(np.uint8)
    assert score(np.repeat(np.tile(ramp, (SIDE_PX, 1))[..., None], 3, axis=2)) < 0.1


@pytest.mark.parametrize("contrast", [0.03, 0.05])
def test_a_photograph_without_contrast_is_no_gradient(contrast: float, photo: Pixels) -> None:
    assert score((128 + contrast * (photo.astype(float) - 128)).astype(np.uint8)) < PASSES


def test_a_photograph_blurred_beyond_recognition_is_no_gradient(photo: Pixels) -> None:
    for sigma in (8, 14):
        assert score(np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma))) < PASSES


def test_letters_are_no_specks_and_stars_are_none() -> None:
    text = scenes.document(0, SIDE_PX)[..., 0]
    text = np.where(text < 128, 0, 255).astype(np.uint8)
    found = without_specks(text)
    assert found.lonely < 0.2 * found.share
    night = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    night[np.random.default_rng(1).random(night.shape) < 0.002] = 255
    assert without_specks(night).share == 0
    night[np.random.default_rng(2).random(night.shape) < 0.05] = 255
    assert without_specks(night).share > 0.03


def test_a_gradient_that_ends_in_one_color_misses_nothing() -> None:
    ramp = np.repeat(np.linspace(0, 128, 400).astype(np.uint8), 1)
    whole = np.concatenate([ramp, np.full(112, 128, np.uint8)])
    faded = np.ascontiguousarray(np.broadcast_to(whole[:, None, None], (512, 400, 3)))
    assert missing(faded).share == 0
    cut = faded[::-1].copy()
    cut[400:] = 250
    assert missing(cut).share == pytest.approx(112 / 512)


def test_a_drawing_may_end_in_its_ground_and_not_in_the_gray_of_a_cut_file() -> None:
    drawn = scenes.vector_art(3, SIDE_PX)
    ground, cut = drawn.copy(), drawn.copy()
    ground[360:] = (60, 140, 70)
    cut[300:] = 128
    assert judge(ground, QualityConfig(profile="illustration")).factors.missing == 1
    assert judge(cut, QualityConfig(profile="illustration")).factors.missing < 0.1


def test_paper_is_white_in_all_channels_and_over_exposure_is_not(photo: Pixels) -> None:
    assert page(scenes.screen(0, SIDE_PX)).on_paper
    spoil, levels = GROSS["over-exposed"]
    assert not any(page(spoil(photo, level)).on_paper for level in levels)


@pytest.mark.parametrize("family", ["nearest enlarging", "mosaic", "blocking"])
def test_squares_of_a_photograph_are_no_vector_art(family: str, photo: Pixels) -> None:
    spoil, levels = GROSS[family]
    for level in levels:
        spoiled = spoil(photo, level)
        assert not defects(content(spoiled)).vector
        assert judge(spoiled, QualityConfig()).thresholds == "auto:photo"


def test_a_photograph_exposed_until_it_is_white_is_no_drawing(photo: Pixels) -> None:
    for gain in (4, 8, 16):
        gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(float)[..., None]
        for source in (photo.astype(float), np.repeat(gray, 3, axis=2)):
            assert score((source * gain).clip(0, 255).astype(np.uint8)) < PASSES


def test_large_squares_of_few_colors_are_seen_as_a_whole() -> None:
    few = np.array([[240, 220, 60], [40, 30, 160]], np.uint8)
    large = few[[[0, 1], [1, 0]]].repeat(SIDE_PX // 2, 0).repeat(SIDE_PX // 2, 1)
    assert score(large) >= PASSES


def test_a_slide_in_small_and_in_large_is_the_same_slide() -> None:
    large = slide(1, 2048)
    small = cv2.resize(large, (512, 288), interpolation=cv2.INTER_AREA)
    assert abs(score(large) - score(np.asarray(small, np.uint8))) < 0.1


class TestKindsOfTheThirdSet:
    """What formula 7 failed at first sight."""

    @pytest.mark.parametrize("index", [1000, 1001, 1002])
    def test_tables_with_light_colors_pass(self, index: int) -> None:
        assert score(unseen_scenes.table(index, 640)) > 0.8

    @pytest.mark.parametrize("index", [1000, 1001, 1002])
    def test_round_gradients_pass(self, index: int) -> None:
        assert score(unseen_scenes.round_gradient(index, 640)) >= PASSES

    def test_drawings_in_equally_light_colors_pass(self) -> None:
        areas = np.full((SIDE_PX, SIDE_PX, 3), (220, 70, 70), np.uint8)
        areas[:, np.arange(SIDE_PX) // 64 % 2 == 1] = (40, 150, 60)
        levels = cv2.cvtColor(areas, cv2.COLOR_RGB2GRAY)
        assert np.ptp(levels) < 12
        assert judge(areas, QualityConfig()).factors.tonal_range > 0.6

    @pytest.mark.parametrize(("step", "is_art"), [(118.0, True), (30.0, False)])
    def test_squares_of_all_levels_are_art_where_their_steps_are_hard(
        self, step: float, is_art: bool
    ) -> None:
        squares = Defects(
            grid=0.92,
            grid_px=4,
            transitions=0.09,
            palette=49,
            distinct=0.06,
            levels=0.82,
            step=step,
        )
        assert is_pixel_art(squares) == is_art

    @pytest.mark.parametrize("gain", [4, 7, 12])
    def test_overexposed_photographs_still_fail(
        self, photos: Mapping[str, Pixels], gain: float
    ) -> None:
        spoil = GROSS["over-exposed"][0]
        scores = [score(spoil(one, gain)) for one in photos.values()]
        assert max(scores) < PASSES

    def test_white_at_the_end_of_one_channel_counts_only_where_colors_vary(self) -> None:
        flat = np.full((160, 160, 3), 255, np.uint8)
        flat[40:80] = (255, 235, 200)
        flat[100:120] = (40, 60, 160)
        ramp = flat.copy()
        ramp[40:80, :, 2] = 60 + np.arange(160)
        assert page(flat).on_paper
        assert not page(ramp).on_paper

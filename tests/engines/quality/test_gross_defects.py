"""Gross defects that sharpness, noise and tone do not see; and pictures that only look like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from scipy.stats import spearmanr

from engines.metrics.content import Content, content
from engines.metrics.defects.defects import Defects, defects
from engines.metrics.measurement import measure
from engines.metrics.page import page
from engines.quality import QualityConfig
from engines.quality.config import PHOTO
from engines.quality.judging import Judgement, judge
from engines.quality.score import factors
from training.quality.pictures.drawings import drawing
from training.quality.pictures.gross_defects import GROSS, webp
from training.quality.pictures.kinds import gradient, starry_sky

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engines.types import Pixels

PASSES = 0.5
SEEN_BY = {
    "motion blur": "motion",
    "color noise": "color_noise",
    "grain": "grain",
    "posterized, bits": "banding",
    "shifted rows": "rows",
    "stripes": "pattern",
    "moire": "pattern",
    "nearest enlarging": "enlarging",
    "halos": "halos",
    "gray end": "missing",
    "cast, warm": "cast",
    "cast, cold": "cast",
    "tint": "cast",
    "over-exposed": "clipping",
    "mosaic": "grid",
    "blocking": "grid",
    "WebP": "smear",
}


def score(pixels: Pixels) -> float:
    return judge(pixels, QualityConfig()).score


@pytest.fixture(scope="module")
def some(photos: Mapping[str, Pixels]) -> list[Pixels]:
    return [_at_most(pixels) for pixels in photos.values()]


class Spoiled:
    """The photographs, clean and with defects; each is judged once, however many tests ask."""

    def __init__(self, photos: Sequence[Pixels]) -> None:
        self._photos = photos
        self._judged: dict[tuple[int, str, float], Judgement] = {}

    def __getitem__(self, asked: tuple[int, str, float]) -> Judgement:
        """By index of the photograph, name of the defect, and its level."""
        if asked not in self._judged:
            index, name, level = asked
            pixels = self._photos[index]
            spoiled = GROSS[name][0](pixels, level) if name else pixels
            self._judged[asked] = judge(spoiled, QualityConfig())
        return self._judged[asked]

    def clean(self, index: int) -> Judgement:
        return self[index, "", 0.0]


@pytest.fixture(scope="module")
def spoiled(some: list[Pixels]) -> Spoiled:
    return Spoiled(some)


def _at_most(pixels: Pixels, side_px: int = 512) -> Pixels:
    scale = min(1.0, side_px / max(pixels.shape[:2]))
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def test_clean_photographs_have_none(some: list[Pixels], spoiled: Spoiled) -> None:
    for index in range(len(some)):
        found = spoiled.clean(index)
        assert found.score > 0.6
        assert min(getattr(found.factors, name) for name in set(SEEN_BY.values())) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("name", GROSS)
def test_a_gross_defect_lowers_the_score_and_its_worst_fails(
    name: str, some: list[Pixels], spoiled: Spoiled
) -> None:
    levels = GROSS[name][1][::2]
    correlations, passed = [], 0
    for index in range(len(some)):
        worse = [spoiled[index, name, level].score for level in levels]
        scores = [spoiled.clean(index).score, *worse]
        passed += scores[-1] >= PASSES
        assert scores[-1] < scores[0] - 0.15
        correlations.append(spearmanr(range(len(scores)), scores).statistic)
    assert np.mean(correlations) < -0.5
    assert not passed


@pytest.mark.parametrize("name", SEEN_BY)
def test_the_factor_that_falls_most_names_the_defect(name: str, spoiled: Spoiled) -> None:
    worst = GROSS[name][1][-1]
    for index in range(2):
        clean = spoiled.clean(index).factors
        found = spoiled[index, name, worst].factors
        assert getattr(found, SEEN_BY[name]) < getattr(clean, SEEN_BY[name]) - 0.1


def on(color: int, share: float, some: list[Pixels]) -> Pixels:
    """A cut-out of a photograph on a plain background."""
    canvas = np.full((768, 768, 3), color, np.uint8)
    side = int(768 * share)
    product = cv2.resize(some[0], (side, side), interpolation=cv2.INTER_AREA)
    mask = np.zeros((side, side), np.uint8)
    cv2.ellipse(mask, (side // 2, side // 2), (side // 2 - 4, side // 2 - 8), 0, 0, 360, 255, -1)
    at = (768 - side) // 2
    canvas[at : at + side, at : at + side][mask > 0] = product[mask > 0]
    return canvas


@pytest.mark.parametrize("color", [255, 250, 128, 6, 0])
@pytest.mark.parametrize("share", [0.25, 0.4])
def test_a_small_product_on_a_plain_background_passes(
    color: int, share: float, some: list[Pixels]
) -> None:
    assert score(on(color, share, some)) >= PASSES
    blurred = np.asarray(cv2.GaussianBlur(on(color, share, some), (0, 0), 8))
    assert score(blurred) < PASSES


def test_a_gradient_passes_and_a_blank_page_does_not() -> None:
    ramp = np.linspace(30, 230, 512)
    gradient = np.repeat(np.tile(ramp, (512, 1))[..., None], 3, axis=2).astype(np.uint8)
    assert score(gradient) >= PASSES
    assert score(np.full((512, 512, 3), 128, np.uint8)) < 0.1


@pytest.mark.parametrize("draw", [gradient, starry_sky, drawing])
def test_kinds_that_only_look_bad_pass(draw: Callable[[int, int], Pixels]) -> None:
    assert min(score(draw(index, 512)) for index in range(6)) >= PASSES


def test_a_light_picture_of_which_nothing_is_blown_passes(some: list[Pixels]) -> None:
    for pixels in some:
        light = np.asarray(cv2.convertScaleAbs(pixels, alpha=0.45, beta=130), np.uint8)
        assert judge(light, QualityConfig(profile="photo")).score >= PASSES
        blown = np.asarray(cv2.convertScaleAbs(pixels, alpha=6, beta=130), np.uint8)
        assert judge(blown, QualityConfig(profile="photo")).score < PASSES


def test_what_glows_on_black_is_no_noise() -> None:
    sky = np.zeros((512, 512, 3), np.uint8)
    grains = np.random.default_rng(4).normal(120, 45, (96, 96, 1))
    sky[208:304, 208:304] = np.clip(grains, 0, 255).astype(np.uint8)
    assert measure(sky).laplacian_variance > 20


def test_a_saturated_subject_is_no_cast_and_a_filter_is(some: list[Pixels]) -> None:
    flower = some[0].copy()
    flower[:300] = (0.75 * flower[:300] * (1.2, 0.9, 0.35)).astype(np.uint8)
    assert judge(flower, QualityConfig()).factors.cast > 0.8
    tinted = GROSS["tint"][0](some[0], 0.7)
    assert judge(tinted, QualityConfig()).factors.cast < 0.4


def test_few_colors_in_large_squares_are_pixel_art() -> None:
    rng = np.random.default_rng(6)
    small = np.array([[30, 180, 220], [60, 200, 240], [20, 150, 190]], np.uint8)
    large = small[rng.integers(0, 3, (16, 16))].repeat(32, 0).repeat(32, 1)
    found = judge(large, QualityConfig())
    assert (found.thresholds, found.score >= PASSES) == ("auto:graphic", True)


def test_a_white_page_with_a_photograph_over_it_passes(some: list[Pixels]) -> None:
    page = np.full((512, 512, 3), 255, np.uint8)
    page[:230] = cv2.resize(some[0], (512, 512), interpolation=cv2.INTER_AREA)[100:330]
    for row in range(280, 500, 30):
        place = (40, row)
        cv2.putText(page, "What it costs", place, cv2.FONT_HERSHEY_DUPLEX, 0.8, (60, 60, 60), 1)
    assert judge(page, QualityConfig()).score >= PASSES
    blurred = np.asarray(cv2.GaussianBlur(page, (0, 0), 8))
    assert judge(blurred, QualityConfig()).score < PASSES


def test_an_over_exposed_photograph_is_no_page(some: list[Pixels]) -> None:
    spoil, levels = GROSS["over-exposed"]
    for pixels in some:
        assert {page(spoil(pixels, level)).shown is None for level in levels} == {True}
    gray = cv2.cvtColor(cv2.cvtColor(some[0], cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert page(spoil(np.asarray(gray, np.uint8), 2.5)).shown is None


def test_a_slide_is_judged_as_a_drawing() -> None:
    slide = np.full((432, 768, 3), 255, np.uint8)
    for row, text in enumerate(("Quarterly results", "Revenue grew by 12 %", "Costs fell")):
        place = (50, 90 + 80 * row)
        cv2.putText(slide, text, place, cv2.FONT_HERSHEY_DUPLEX, 1.4, (20, 40, 90), 2, cv2.LINE_AA)
    found = judge(slide, QualityConfig())
    assert (found.score >= PASSES, found.thresholds) == (True, "auto:illustration")


def test_flat_drawings_pass_and_photographs_are_photographs(some: list[Pixels]) -> None:
    drawn = [judge(drawing(index), QualityConfig()) for index in range(10)]
    assert sum(found.score >= PASSES for found in drawn) >= 9
    assert {judge(pixels, QualityConfig()).thresholds for pixels in some} == {"auto:photo"}


def test_webp_and_jpeg_of_usual_quality_pass(some: list[Pixels]) -> None:
    for pixels in some:
        assert score(webp(pixels, 90)) >= PASSES
        jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        assert score(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)) >= PASSES


def test_the_background_is_cut_away_and_a_photograph_is_not(some: list[Pixels]) -> None:
    cut = content(on(250, 0.25, some))
    assert max(cut.pixels.shape[:2]) < 300
    assert cut.shown is not None
    assert cut.shown.shape == cut.pixels.shape[:2]
    assert cut.on_neutral
    assert content(some[0]).pixels is some[0]
    blank = np.full((200, 300, 3), 9, np.uint8)
    assert (content(blank).pixels is blank, content(blank).shown) == (True, None)


@pytest.mark.parametrize("shape", [(1, 1, 3), (20, 900, 3), (40, 40, 3), (33, 47, 3)])
def test_small_and_thin_pictures_have_defects_too_or_none(shape: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for pixels in (noise, np.zeros(shape, np.uint8)):
        found = defects(Content(pixels))
        numbers = (getattr(found, name) for name in found.__slots__)
        assert all(np.isfinite(number).all() for number in numbers)


def test_the_fast_formula_looks_for_none(some: list[Pixels]) -> None:
    fast = QualityConfig(defects=False, profile="photo")
    striped = GROSS["stripes"][0](some[0], 48)
    assert judge(striped, fast).factors == factors(measure(striped), PHOTO)
    assert factors(measure(some[0]), PHOTO) == factors(measure(some[0]), PHOTO, Defects())

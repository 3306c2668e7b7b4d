"""The score on photographs it was not calibrated on: high when clean, falling with every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from scipy.stats import spearmanr

from engines.metrics.measurement import measure
from engines.quality import QualityConfig
from engines.quality.config import ILLUSTRATION, PHOTO, ScoreThresholds
from engines.quality.judging import judge
from engines.quality.score import factors
from training.quality.pictures.distortions import DISTORTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.types import Pixels


def score(pixels: Pixels, thresholds: ScoreThresholds = PHOTO) -> float:
    return judge(pixels, QualityConfig(thresholds=thresholds)).score


def gray(plane: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Pixels:
    return np.repeat(np.clip(plane, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def junk() -> dict[str, Pixels]:
    rng = np.random.default_rng(7)
    x = np.arange(512)
    uniform = rng.integers(0, 256, (512, 512, 3), dtype=np.uint8)
    images = {
        "black": gray(np.zeros((512, 512))),
        "white": gray(np.full((512, 512), 255)),
        "gray": gray(np.full((512, 512), 128)),
        "uniform noise": uniform,
        "gray noise": gray(rng.normal(128, 40, (512, 512))),
        "blurred noise": np.asarray(cv2.GaussianBlur(uniform, (0, 0), 4)),
        "two halves": gray(np.tile((x > 256) * 255, (512, 1))),
    }
    for side in (2, 8, 32, 64):
        images[f"checkerboard {side}"] = gray(((x[:, None] // side + x // side) % 2) * 255)
    return images


JUNK = junk()


@pytest.fixture(scope="module")
def clean(photos: Mapping[str, Pixels]) -> Mapping[str, float]:
    """The score of each photograph as it is."""
    return {name: score(pixels) for name, pixels in photos.items()}


def test_clean_photographs_score_well(clean: Mapping[str, float]) -> None:
    scores = list(clean.values())
    assert 0.80 <= np.median(scores) <= 0.92
    assert min(scores) > 0.7


@pytest.mark.parametrize("name", JUNK)
def test_junk_scores_below_035(name: str) -> None:
    assert score(JUNK[name]) < 0.35


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTORTIONS)
def test_the_score_falls_with_every_level(
    name: str, photos: Mapping[str, Pixels], clean: Mapping[str, float]
) -> None:
    distort, levels = DISTORTIONS[name]
    correlations = []
    for photo, pixels in photos.items():
        scores = [clean[photo], *(score(distort(pixels, level)) for level in levels)]
        assert scores[-1] < scores[0] - 0.2
        correlations.append(spearmanr(range(len(scores)), scores).statistic)
    assert np.mean(correlations) <= -0.94


def test_half_the_size_is_the_same_picture(
    photos: Mapping[str, Pixels], clean: Mapping[str, float]
) -> None:
    for name, pixels in photos.items():
        half = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        assert abs(clean[name] - score(half)) < 0.2
        double = cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        assert abs(clean[name] - score(double)) < 0.15


def test_a_darker_copy_is_dark_and_not_unsharp(photos: Mapping[str, Pixels]) -> None:
    pixels = photos["astronaut"]
    bright = factors(measure(pixels), PHOTO)
    dark = factors(measure((pixels * 0.5).astype(np.uint8)), PHOTO)
    assert dark.tonal_range < bright.tonal_range - 0.05
    assert dark.sharpness == pytest.approx(bright.sharpness, abs=0.02)
    assert dark.noise == pytest.approx(bright.noise, abs=0.05)


def drawing() -> Pixels:
    canvas = np.full((512, 512, 3), 255, np.uint8)
    cv2.circle(canvas, (256, 256), 150, (250, 200, 40), -1, cv2.LINE_AA)
    cv2.circle(canvas, (200, 210), 20, (60, 40, 20), -1, cv2.LINE_AA)
    cv2.circle(canvas, (312, 210), 20, (60, 40, 20), -1, cv2.LINE_AA)
    cv2.ellipse(canvas, (256, 300), (80, 50), 0, 0, 180, (60, 40, 20), 10, cv2.LINE_AA)
    return canvas


def test_a_drawing_on_white_passes_as_an_illustration_only() -> None:
    assert score(drawing(), ILLUSTRATION) > 0.7
    assert score(drawing(), PHOTO) < 0.5
    blurred = np.asarray(cv2.GaussianBlur(drawing(), (0, 0), 6))
    assert score(blurred, ILLUSTRATION) < 0.4


@pytest.mark.parametrize("name", ["white", "uniform noise", "gray noise"])
def test_junk_is_no_illustration_either(name: str) -> None:
    assert score(JUNK[name], ILLUSTRATION) < 0.35


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3), (7, 9, 3), (16, 2000, 3)])
def test_tiny_and_thin_images_have_a_score(shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert 0 <= score(pixels) <= 1
    assert score(np.zeros(shape, np.uint8)) < 0.01

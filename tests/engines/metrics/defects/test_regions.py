"""Statistics of a picture's regions, of blotches of color and of waves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import skimage.data

from engines.metrics.defects.palette import combed
from engines.metrics.defects.regions import blotch_numbers, region_numbers, wave_numbers

if TYPE_CHECKING:
    from engines.types import Pixels

NOISE, COLOR_NOISE = slice(0, 5), slice(10, 15)
LEAST, MEDIAN, GREATEST, DOWN, ACROSS = range(5)
PLAIN = 15


@pytest.fixture(scope="module")
def photo() -> Pixels:
    return np.ascontiguousarray(skimage.data.coffee()[:384, :512])


def noisy(pixels: Pixels, where: tuple[slice, ...]) -> Pixels:
    spoiled = pixels.astype(np.float32)
    part = spoiled[where]
    spoiled[where] = part + np.random.default_rng(0).normal(0, 40, part.shape)
    return np.clip(spoiled, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("where", "step", "other"),
    [((slice(192, None),), DOWN, ACROSS), ((slice(None), slice(256, None)), ACROSS, DOWN)],
)
def test_noise_in_one_half_is_a_step_towards_it(
    where: tuple[slice, ...], step: int, other: int, photo: Pixels
) -> None:
    clean, half = region_numbers(photo)[NOISE], region_numbers(noisy(photo, where))[NOISE]
    assert half[GREATEST] > clean[GREATEST] + 0.5
    assert half[LEAST] == pytest.approx(clean[LEAST], abs=0.3)
    assert half[step] > clean[step] + 1
    assert half[other] < clean[other] + 0.5


def test_noise_everywhere_raises_the_least_noisy_region(photo: Pixels) -> None:
    clean, whole = region_numbers(photo)[NOISE], region_numbers(noisy(photo, ()))[NOISE]
    assert whole[LEAST] > clean[LEAST] + 2


def test_regions_of_one_color_have_no_structure(photo: Pixels) -> None:
    half = photo.copy()
    half[192:] = 128
    assert region_numbers(photo)[PLAIN] == 0
    assert region_numbers(half)[PLAIN] == 0.5


def test_regions_of_a_turned_picture_step_the_other_way(photo: Pixels) -> None:
    square = np.ascontiguousarray(photo[:384, :384])
    found = region_numbers(square)
    turned = region_numbers(np.ascontiguousarray(square.transpose(1, 0, 2)))
    for first in (0, 5, 10):
        found[first + DOWN], found[first + ACROSS] = found[first + ACROSS], found[first + DOWN]
    assert turned == pytest.approx(found, abs=1e-4)


def test_blotches_and_waves_of_a_turned_picture_are_the_same(photo: Pixels) -> None:
    turned = np.ascontiguousarray(photo.transpose(1, 0, 2))
    assert blotch_numbers(turned) == pytest.approx(blotch_numbers(photo), abs=0.02)
    luma, of_turned = (
        cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) for pixels in (photo, turned)
    )
    assert wave_numbers(of_turned)[0] == pytest.approx(wave_numbers(luma)[0], abs=0.5)


@pytest.mark.parametrize("size_px", [2, 5])
def test_blotches_of_color_raise_color_next_to_luma(size_px: int, photo: Pixels) -> None:
    planes = cv2.cvtColor(photo, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    drawn = np.random.default_rng(0).normal(0, 1, planes[..., 1:].shape).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(drawn, (0, 0), size_px))
    planes[..., 1:] += 20 * soft / soft.std()
    blotched = cv2.cvtColor(np.clip(planes, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB)
    clean, found = blotch_numbers(photo), blotch_numbers(np.asarray(blotched, np.uint8))
    assert max(found[n] - clean[n] for n in (0, 3, 6)) > 1, "quiet tiles"
    assert max(found[n] - clean[n] for n in (2, 5, 8)) > 0.5, "next to luma"


@pytest.mark.parametrize("frequency", [(0.3, 0.2), (1.4, -0.7), (2.4, 2.0)])
def test_a_wave_in_any_direction_stands_out_with_its_height(
    frequency: tuple[float, float], photo: Pixels
) -> None:
    luma = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    y, x = np.mgrid[: luma.shape[0], : luma.shape[1]]
    waved = luma + 15 * np.sin(frequency[0] * x + frequency[1] * y).astype(np.float32)
    clean, found = wave_numbers(luma), wave_numbers(waved)
    assert found[0] > clean[0] + 2
    assert math.exp(found[1]) == pytest.approx(15, rel=0.35)


def test_a_histogram_with_gaps_is_a_comb() -> None:
    gray = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    assert combed(gray) < 0.1
    assert combed((gray // 32 * 32).astype(np.uint8)) > 1
    assert combed(np.zeros((64, 64), np.uint8)) == 0


@pytest.mark.parametrize("side", [64, 67, 300])
def test_any_size_and_one_color_have_finite_numbers(side: int) -> None:
    pixels = np.full((side, 80, 3), 90, np.uint8)
    found = [*region_numbers(pixels), *blotch_numbers(pixels), *wave_numbers(pixels[..., 0] * 1.0)]
    assert np.isfinite(found).all()
    assert len(found) == 16 + 9 + 2

"""Defects in forms that nobody trained on: other places, periods, angles and fillings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engines.quality import QualityConfig
from engines.quality.judging import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engines.types import Pixels

PASSES = 0.5


def noise_in_the_lower_half(pixels: Pixels) -> Pixels:
    half = len(pixels) // 2
    noise = np.random.default_rng(5).normal(0, 80, pixels[half:].shape)
    noisy = np.clip(pixels[half:] + noise, 0, 255).astype(np.uint8)
    return np.concatenate([pixels[:half], noisy])


def blotches_of_color(pixels: Pixels) -> Pixels:
    planes = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    drawn = np.random.default_rng(5).normal(0, 1, planes[..., 1:].shape).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(drawn, (0, 0), 4))
    planes[..., 1:] += 35 * soft / soft.std()
    cut = np.clip(planes, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cut, cv2.COLOR_YCrCb2RGB), np.uint8)


def a_lower_half_that_repeats_one_row(pixels: Pixels) -> Pixels:
    half = len(pixels) // 2
    spoiled = pixels.copy()
    spoiled[half:] = pixels[half]
    return spoiled


def interlaced(pixels: Pixels) -> Pixels:
    spoiled = pixels.copy()
    spoiled[1::2] = np.roll(pixels[1::2], 25, 1)
    return spoiled


def columns_in_bands_out_of_place(pixels: Pixels) -> Pixels:
    spoiled, rng = pixels.copy(), np.random.default_rng(5)
    for first in range(0, pixels.shape[1], 12):
        offset = int(rng.integers(20, 60)) * int(rng.choice([-1, 1]))
        moved = np.roll(pixels[:, first : first + 12], offset, 0)
        spoiled[:, first : first + 12] = moved
    return spoiled


def every_20th_column_black(pixels: Pixels) -> Pixels:
    spoiled = pixels.copy()
    spoiled[:, ::20] = spoiled[:, 1::20] = 0
    return spoiled


def broad_stripes(pixels: Pixels) -> Pixels:
    stripes = 45 * np.sign(np.sin(np.arange(len(pixels)) * 2 * np.pi / 30))
    return np.clip(pixels + stripes[:, None, None], 0, 255).astype(np.uint8)


def upright_motion(pixels: Pixels) -> Pixels:
    kernel = np.zeros((35, 35), np.float32)
    kernel[:, 17] = 1 / 35
    return np.asarray(cv2.filter2D(pixels, -1, kernel), np.uint8)


def green_at_the_left(pixels: Pixels) -> Pixels:
    spoiled = pixels.copy()
    spoiled[:, : pixels.shape[1] // 2] = (0, 135, 0)
    return spoiled


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        noise_in_the_lower_half,
        blotches_of_color,
        a_lower_half_that_repeats_one_row,
        interlaced,
        columns_in_bands_out_of_place,
        every_20th_column_black,
        broad_stripes,
        upright_motion,
        green_at_the_left,
    ],
)
def test_a_photograph_that_passes_fails_when_it_is_spoiled(
    spoil: Callable[[Pixels], Pixels], photos: Mapping[str, Pixels]
) -> None:
    kept: list[str] = []
    for name, pixels in photos.items():
        scale = min(1.0, 512 / max(pixels.shape[:2]))
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        photo = np.ascontiguousarray(small, np.uint8)
        assert judge(photo, QualityConfig()).score >= PASSES, name
        if judge(spoil(photo), QualityConfig()).score >= PASSES:
            kept.append(name)
    assert len(kept) <= 1, kept

"""What a metric may not depend on: left and right, up and down, which way a picture is turned,
which channel is which, and how light all of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from skimage import data

from engines.metrics.color import colorfulness, saturation
from engines.metrics.content import clipped_share, content
from engines.metrics.defects.fine import fine, mixed, pattern
from engines.metrics.defects.grid import grid
from engines.metrics.defects.missing import missing
from engines.metrics.defects.neighbors import (
    neighbors,
    next_to_second,
    next_to_second_column,
    out_of_place,
)
from engines.metrics.defects.palette import color_noise, level_share, palette_size
from engines.metrics.gray import luma
from engines.metrics.noise import grain, without_specks
from engines.metrics.page import page
from engines.metrics.sharpness import laplacian_variance
from engines.metrics.structure import blockiness, flat_share
from engines.metrics.tone import histogram, tone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

Change = Callable[["Pixels"], "Pixels"]
Metric = Callable[["Pixels"], Any]

MIRRORED: dict[str, Change] = {
    "left and right": lambda pixels: pixels[:, ::-1],
    "upside down": lambda pixels: pixels[::-1],
    "half a turn": lambda pixels: pixels[::-1, ::-1],
    "rows for columns": lambda pixels: pixels.transpose(1, 0, 2),
}
ORDERS = {"BGR": (2, 1, 0), "GRB": (1, 0, 2), "GBR": (1, 2, 0)}


def _with_lines_lost(pixels: Pixels) -> Pixels:
    """Four bands of 20 pixels, turned as the picture is."""
    lost = pixels.copy()
    for at in (72, 164):
        lost[at : at + 20] = lost[:, at : at + 20] = (7, 0, 90)
    return lost


def plane(pixels: Pixels) -> NDArray[np.float32]:
    return luma(pixels).astype(np.float32)


ANY_WAY_ROUND: dict[str, Metric] = {
    "colorfulness": colorfulness,
    "saturation": saturation,
    "tone": lambda pixels: astuple(tone(histogram(luma(pixels)))),
    "grain": lambda pixels: tuple(grain(luma(pixels))),
    "specks": lambda pixels: without_specks(luma(pixels))[1:],
    "sharpness": lambda pixels: laplacian_variance(luma(pixels)),
    "flat blocks": lambda pixels: flat_share(luma(pixels)),
    "levels": lambda pixels: level_share(cv2.split(pixels)),
    "noise of color": color_noise,
    "grid": lambda pixels: tuple(grid(plane(pixels))),
    "smear": lambda pixels: mixed(luma(pixels)),
    "fine structure": lambda pixels: tuple(fine(plane(pixels))),
    "pattern": lambda pixels: pattern(plane(pixels)),
    "neighbors": lambda pixels: tuple(neighbors(cv2.split(pixels), luma(pixels))),
    "lines out of place": lambda pixels: out_of_place(luma(pixels)),
    "page": lambda pixels: page(pixels)[:2],
    "lines lost": lambda pixels: missing(_with_lines_lost(pixels)),
}
ANY_CHANNEL: dict[str, Metric] = {
    "saturation": saturation,
    "clipped": lambda pixels: clipped_share(pixels, None),
    "missing": lambda pixels: missing(pixels).share,
    "levels": lambda pixels: level_share(cv2.split(pixels)),
    "palette": lambda pixels: palette_size(cv2.split(pixels)),
    "neighbors": lambda pixels: neighbors(cv2.split(pixels), luma(pixels))[:2],
}
ANY_LIGHT: dict[str, Metric] = {
    "contrast": lambda pixels: tone(histogram(luma(pixels))).contrast,
    "entropy": lambda pixels: tone(histogram(luma(pixels))).entropy_bits,
    "sharpness": lambda pixels: laplacian_variance(luma(pixels)),
    "flat blocks": lambda pixels: flat_share(luma(pixels)),
    "grid": lambda pixels: tuple(grid(plane(pixels))),
    "smear": lambda pixels: mixed(luma(pixels)),
    "levels": lambda pixels: level_share(cv2.split(pixels)),
    "shifted rows": lambda pixels: next_to_second(luma(pixels)),
    "shifted columns": lambda pixels: next_to_second_column(luma(pixels)),
}


@pytest.fixture(scope="module")
def spoiled() -> Pixels:
    """A photograph of 256 pixels a side with salt, pepper, a white and a flat corner."""
    pixels = np.ascontiguousarray(data.chelsea()[:256, 100:356])
    fate = np.random.default_rng(4).random(pixels.shape[:2])
    pixels[fate < 0.004] = 255
    pixels[fate < 0.002] = 0
    pixels[:48, :64] = (255, 255, 250)
    pixels[208:, 160:] = (40, 90, 60)
    return pixels


@pytest.fixture(scope="module")
def dim(spoiled: Pixels) -> Pixels:
    """The same with levels between 40 and 167, so that there is room to make it lighter."""
    return spoiled // 2 + np.uint8(40)


@pytest.mark.parametrize("change", MIRRORED)
@pytest.mark.parametrize("name", ANY_WAY_ROUND)
def test_a_picture_is_as_good_any_way_round(name: str, change: str, spoiled: Pixels) -> None:
    turned = np.ascontiguousarray(MIRRORED[change](spoiled))
    expected = ANY_WAY_ROUND[name](spoiled)
    assert ANY_WAY_ROUND[name](turned) == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ANY_CHANNEL)
def test_no_channel_counts_more_than_another(name: str, order: str, spoiled: Pixels) -> None:
    exchanged = np.ascontiguousarray(spoiled[..., ORDERS[order]])
    assert ANY_CHANNEL[name](exchanged) == pytest.approx(ANY_CHANNEL[name](spoiled), rel=1e-6)


@pytest.mark.parametrize("by", [-40, 1, 80])
@pytest.mark.parametrize("name", ANY_LIGHT)
def test_all_of_it_lighter_is_the_same_structure(name: str, by: int, dim: Pixels) -> None:
    moved = (dim.astype(int) + by).astype(np.uint8)
    assert ANY_LIGHT[name](moved) == pytest.approx(ANY_LIGHT[name](dim), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ANY_LIGHT)
def test_a_negative_has_the_structure_of_its_picture(name: str, dim: Pixels) -> None:
    assert ANY_LIGHT[name](255 - dim) == pytest.approx(ANY_LIGHT[name](dim), rel=1e-2, abs=1e-2)


def test_black_of_a_negative_is_white_of_the_picture(spoiled: Pixels) -> None:
    gray = luma(spoiled)
    found, negative = tone(histogram(gray)), tone(histogram(255 - gray))
    assert (negative.blown, negative.crushed) == pytest.approx((found.crushed, found.blown))
    assert negative.brightness == pytest.approx(1 - found.brightness)


def test_columns_of_a_turned_picture_are_its_rows(spoiled: Pixels) -> None:
    gray = luma(spoiled)
    assert next_to_second_column(cv2.transpose(gray)) == pytest.approx(next_to_second(gray))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_a_part_is_missing_at_the_end_alone(share: float) -> None:
    """Decoders fill in from where a file was cut on; a bright top, or side, is a sky or a wall."""
    cut = np.ascontiguousarray(data.chelsea()[:200, :200])
    cut[round(200 * (1 - share)) :] = 210
    assert missing(cut).share == pytest.approx(share, abs=0.01)
    assert missing(np.ascontiguousarray(cut[:, ::-1])) == missing(cut)
    assert missing(np.ascontiguousarray(cut[::-1])).share == 0
    assert missing(np.ascontiguousarray(cut.transpose(1, 0, 2))).share == 0


@pytest.mark.parametrize("change", MIRRORED)
def test_the_gray_of_decoders_is_missing_at_any_end_of_a_turned_file(change: str) -> None:
    cut = np.ascontiguousarray(data.chelsea()[:200, :200])
    cut[120:] = 128
    turned = np.ascontiguousarray(MIRRORED[change](cut))
    assert missing(turned) == pytest.approx((0.4, True), abs=0.01)


@pytest.mark.parametrize("change", MIRRORED)
def test_what_stands_on_a_background_is_found_any_way_round(change: str) -> None:
    plain = np.full((400, 400, 3), 240, np.uint8)
    plain[60:180, 100:300] = data.chelsea()[60:180, 100:300]
    turned = content(np.ascontiguousarray(MIRRORED[change](plain)))
    found = content(plain)
    assert sorted(turned.pixels.shape) == sorted(found.pixels.shape)
    assert np.array_equal(np.sort(turned.pixels, axis=None), np.sort(found.pixels, axis=None))


@pytest.mark.parametrize("phase", range(8))
def test_a_grid_of_blocks_is_seen_wherever_it_begins(phase: int) -> None:
    blocks = np.repeat(np.repeat(data.chelsea()[:40, :40], 8, axis=0), 8, axis=1)
    gray = luma(np.ascontiguousarray(blocks[phase:, phase:]))
    assert blockiness(gray) > 3


@pytest.mark.parametrize("side", [192, 191, 80])
@pytest.mark.parametrize("waves", [(0.9, 0.0), (0.9, 0.03), (0.9, 0.4), (2.9, 2.9), (3.1, 0.0)])
def test_waves_along_rows_count_as_those_along_columns(
    waves: tuple[float, float], side: int
) -> None:
    y, x = np.mgrid[:side, :side]
    noise = np.random.default_rng(0).normal(0, 20, (side, side))
    wave = (128 + 30 * np.sin(waves[0] * y + waves[1] * x) + noise).astype(np.float32)
    expected = pattern(wave)
    assert expected > 0.3
    for turned in (wave.T, wave[::-1], wave[:, ::-1], np.rot90(wave)):
        assert pattern(np.ascontiguousarray(turned)) == pytest.approx(expected, rel=1e-3)

"""What every metric owes to every picture: a finite number, the same one again, and no change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engines.metrics.color import colorfulness, saturation
from engines.metrics.content import clipped_share, content
from engines.metrics.defects.cast import cast
from engines.metrics.defects.defects import Defects, defects
from engines.metrics.defects.missing import missing
from engines.metrics.gray import luma
from engines.metrics.measurement import measure
from engines.metrics.noise import grain, without_specks
from engines.metrics.page import page
from engines.metrics.phash import phash64_with_mirror
from engines.metrics.sharpness import laplacian_variance
from engines.metrics.structure import blockiness, edge_density, flat_share

if TYPE_CHECKING:
    from engines.types import Pixels

Metric = Callable[["Pixels"], Any]


def measured(pixels: Pixels) -> tuple[Any, ...]:
    found = measure(pixels)
    numbers = (found.grain, found.specks, found.laplacian_variance, found.coarse_variance)
    more = (found.structure, found.plateau, found.content_brightness, found.content_light)
    return (*numbers, *more, found.blockiness, found.noise, *astuple(found.tone))


METRICS: dict[str, Metric] = {
    "measure": measured,
    "defects": lambda pixels: flattened(astuple(defects(content(pixels)))),
    "cast": lambda pixels: tuple(cast(pixels)),
    "colorfulness": colorfulness,
    "saturation": saturation,
    "clipped": lambda pixels: clipped_share(pixels, None),
    "missing": lambda pixels: missing(pixels).share,
    "grain": lambda pixels: tuple(grain(luma(pixels))),
    "specks": lambda pixels: without_specks(luma(pixels))[1],
    "sharpness": lambda pixels: laplacian_variance(luma(pixels)),
    "blockiness": lambda pixels: blockiness(luma(pixels)),
    "edges": lambda pixels: edge_density(luma(pixels)),
    "flat": lambda pixels: flat_share(luma(pixels)),
    "hash": phash64_with_mirror,
    "page": lambda pixels: page(pixels).shown is None,
}
SHAPES = [(1, 1), (1, 40), (40, 1), (2, 3), (7, 9), (15, 17), (33, 31), (64, 300), (200, 70)]
LEVELS = {"black": 0, "gray": 128, "white": 255}


def flattened(values: tuple[Any, ...]) -> tuple[float, ...]:
    found: list[float] = []
    for value in values:
        found += flattened(value) if isinstance(value, tuple) else [float(value)]
    return tuple(found)


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    drawn = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return drawn.astype(np.uint8)


def is_finite(value: Any) -> bool:
    return bool(np.isfinite(np.asarray(value, dtype=float)).all())


@pytest.mark.parametrize("name", METRICS)
def test_a_picture_of_any_shape_has_a_finite_value(name: str) -> None:
    for height, width in SHAPES:
        assert is_finite(METRICS[name](noise(height, width))), (height, width)


@pytest.mark.parametrize("name", METRICS)
def test_a_strip_as_long_as_a_panorama_is_wide_has_a_finite_value(name: str) -> None:
    for height, width in ((1, 9000), (9000, 1), (12, 9000), (9000, 33)):
        assert is_finite(METRICS[name](noise(height, width))), (height, width)


@pytest.mark.parametrize("name", METRICS)
def test_a_line_that_is_half_white_has_a_finite_value(name: str) -> None:
    """White is what a page is looked for in; a column has no pixel beside another."""
    line = np.full((64, 1, 3), 90, np.uint8)
    line[:32] = 255
    assert is_finite(METRICS[name](line))
    assert is_finite(METRICS[name](line.transpose(1, 0, 2).copy()))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", METRICS)
def test_a_picture_of_one_color_has_a_finite_value(name: str, level: str) -> None:
    for height, width in ((1, 1), (9, 5), (80, 80)):
        assert is_finite(METRICS[name](np.full((height, width, 3), LEVELS[level], np.uint8)))


@pytest.mark.parametrize("name", METRICS)
def test_measuring_changes_nothing_and_gives_the_same_again(name: str) -> None:
    pixels = noise(90, 70)
    before = pixels.copy()
    first = METRICS[name](pixels)
    assert METRICS[name](pixels) == first
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("name", METRICS)
def test_pixels_that_may_not_be_written_are_measured_too(name: str) -> None:
    """As they come out of a decoder or out of shared memory."""
    pixels = noise(90, 70)
    expected = METRICS[name](pixels)
    pixels.setflags(write=False)
    assert METRICS[name](pixels) == expected


@pytest.mark.parametrize("name", METRICS)
def test_a_window_of_a_picture_is_measured_as_its_copy(name: str) -> None:
    window = noise(120, 110)[10:100, 20:90]
    assert METRICS[name](window) == METRICS[name](window.copy())


@pytest.mark.parametrize("name", ["measure", "saturation", "colorfulness", "clipped", "flat"])
def test_black_and_white_have_no_noise_and_no_color(name: str) -> None:
    white = np.full((64, 64, 3), 255, np.uint8)
    found = METRICS[name](white)
    if name == "measure":
        assert found[:4] == (0, 0, 0, 0)
    else:
        assert found == {"saturation": 0, "colorfulness": 0, "clipped": 1, "flat": 1}[name]


# What is below the least size


@pytest.mark.parametrize(("height", "width"), [(31, 400), (400, 31), (1, 1)])
def test_below_two_tiles_a_side_nothing_is_a_defect(height: int, width: int) -> None:
    assert defects(content(noise(height, width))) == Defects()


def test_from_two_tiles_a_side_on_defects_are_measured() -> None:
    assert defects(content(noise(32, 32))) != Defects()


def test_a_plain_picture_has_the_values_of_a_clean_one_where_nothing_shows() -> None:
    found = defects(content(np.full((96, 96, 3), 90, np.uint8)))
    clean = Defects()
    assert (found.pattern, found.grain, found.grid, found.missing) == (0, 0, 0, 0)
    assert (found.mixed, found.kept) == (clean.mixed, clean.kept)
    assert (found.transitions, found.palette) == (0, 1)


# Measurements


def test_a_measurement_keeps_the_native_plane_out_of_its_words() -> None:
    pixels = noise(40, 50)
    found = measure(pixels)
    assert np.array_equal(found.native, luma(pixels))
    assert "native" not in repr(found)


def test_two_measurements_of_one_picture_are_equal() -> None:
    assert measure(noise(40, 50)) == measure(noise(40, 50))
    assert measure(noise(40, 50)) != measure(noise(40, 50, seed=1))


def test_noise_is_grain_and_specks_together() -> None:
    found = measure(noise(64, 64))
    assert found.noise == pytest.approx((found.grain**2 + found.specks / 4) ** 0.5)


def test_only_the_shown_part_is_the_content() -> None:
    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[:, :32] = 60
    shown = np.zeros((64, 64), np.uint8)
    shown[:, :32] = 255
    found = measure(pixels, shown)
    assert found.content_brightness == pytest.approx(60 / 255, abs=0.01)
    assert found.tone.brightness == pytest.approx((60 + 255) / 2 / 255, abs=0.01)


def test_a_content_of_next_to_no_pixels_is_the_whole_picture() -> None:
    pixels = noise(64, 64)
    shown = np.zeros((64, 64), np.uint8)
    shown[0, :15] = 255
    assert measure(pixels, shown).content_brightness == measure(pixels).content_brightness


def test_clipping_is_read_off_the_native_pixels() -> None:
    """A white speck, which the tone of the score leaves out, is clipped all the same."""
    pixels = np.full((64, 64, 3), 100, np.uint8)
    pixels[10, 10] = 255
    found = measure(pixels)
    assert found.clipped_tone.blown == pytest.approx(1 / 64**2)
    assert found.tone.blown == 0

"""Tone and structure: what their words promise, for pictures that were drawn for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage import data

from engines.metrics.gray import luma
from engines.metrics.structure import blockiness, edge_density, flat_share, plateau_share
from engines.metrics.tone import histogram, tone

if TYPE_CHECKING:
    from engines.metrics.gray import Gray


@pytest.fixture(scope="module")
def cat() -> Gray:
    return luma(np.ascontiguousarray(data.chelsea()))


def levels(*shares: tuple[int, float], pixels: int = 10_000) -> Gray:
    """A plane of 100 columns in which each level covers its share."""
    drawn = [np.full(round(share * pixels), level, np.uint8) for level, share in shares]
    return np.concatenate(drawn).reshape(-1, 100)


# Tone


def test_a_negative_has_the_tone_of_its_picture_turned_over(cat: Gray) -> None:
    own, negative = tone(histogram(cat)), tone(histogram(255 - cat))
    assert negative.brightness == pytest.approx(1 - own.brightness, abs=1e-6)
    assert negative.entropy_bits == pytest.approx(own.entropy_bits, abs=1e-6)
    assert negative.contrast == pytest.approx(own.contrast, abs=1.5 / 255)


def test_where_the_pixels_lie_does_not_matter(cat: Gray) -> None:
    scattered = np.random.default_rng(0).permutation(cat.ravel()).reshape(cat.shape)
    assert tone(histogram(scattered)) == tone(histogram(cat))


@pytest.mark.parametrize(
    ("bright", "top", "lights"), [(0.0, 10, 10), (0.0005, 10, 240), (0.01, 240, 240)]
)
def test_the_white_in_use_and_the_lights_are_told_apart(
    bright: float, top: int, lights: int
) -> None:
    """A lamp of 5 pixels in 10,000 is a light, and not yet the white of the picture."""
    found = tone(histogram(levels((10, 1 - bright), (240, bright))))
    assert (round(found.top * 255), round(found.lights * 255)) == (top, lights)


@pytest.mark.parametrize("kinds", [1, 2, 4, 16, 256])
def test_levels_that_are_equally_frequent_have_the_bits_that_count_them(kinds: int) -> None:
    plane = np.tile(np.arange(kinds, dtype=np.uint8), (4, 256 // kinds))
    assert tone(histogram(plane)).entropy_bits == pytest.approx(np.log2(kinds), abs=1e-9)


@pytest.mark.parametrize(("level", "blown", "crushed"), [(252, 1, 0), (251, 0, 0), (3, 0, 1)])
def test_blown_and_crushed_begin_where_they_are_said_to(
    level: int, blown: float, crushed: float
) -> None:
    found = tone(histogram(np.full((9, 9), level, np.uint8)))
    assert (found.blown, found.crushed) == (blown, crushed)


# Structure


@pytest.mark.parametrize("grid_px", [4, 8, 16])
def test_steps_on_a_grid_of_eight_pixels_stand_out(grid_px: int) -> None:
    """A grid of 16 lies on it; on a grid of 4 every second step does not, so that none stands
    out."""
    drawn = np.random.default_rng(1).integers(90, 160, (256 // grid_px, 256 // grid_px))
    plane = np.kron(drawn, np.ones((grid_px, grid_px))).astype(np.uint8)
    assert (blockiness(plane) > 1) == (grid_px != 4)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_a_white_part_is_a_plateau_of_its_size(cat: Gray, share: float) -> None:
    plane = np.minimum(cat[:296, :448], 200)
    plane[: round(share * 296)] = 255
    assert plateau_share(plane, 1.0) == pytest.approx(share, abs=0.01)
    darker = (plane * 0.7).astype(np.uint8)
    assert plateau_share(darker, 0.7) == pytest.approx(share, abs=0.01)


def test_a_plateau_counts_in_the_part_that_is_shown() -> None:
    plane, shown = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
    plane[:, :32], shown[:, :48] = 255, 1
    shown *= 255
    assert plateau_share(plane, 1.0) == pytest.approx(0.5, abs=0.01)
    assert plateau_share(plane, 1.0, shown) == pytest.approx(2 / 3, abs=0.01)
    assert plateau_share(plane, 1.0, 255 - shown) == 0


def test_more_lines_are_more_edges() -> None:
    found = []
    for count in (0, 1, 2, 4, 8):
        plane = np.zeros((128, 128), np.uint8)
        for line in range(count):
            plane[:, 8 + 15 * line : 14 + 15 * line] = 255
        found.append(edge_density(plane))
    assert found[0] == 0
    assert found == sorted(set(found))
    assert found[-1] == pytest.approx(8 * 2 / 128, abs=0.02)  # each line has two sides


@pytest.mark.parametrize("spread", [0, 4, 5, 40])
def test_a_block_is_flat_up_to_four_levels(spread: int) -> None:
    plane = np.full((64, 64), 100, np.uint8)
    plane[::2] += np.uint8(spread)
    assert flat_share(plane) == (1.0 if spread <= 4 else 0.0)

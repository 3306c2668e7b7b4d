"""Color channels that are moved against each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import skimage.data

from engines.metrics.defects.register import NUMBERS, register_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

GAIN, THERE, HERE, DISTANCE = range(4)


@pytest.fixture(scope="module", params=["astronaut", "coffee", "chelsea"])
def photo(request: pytest.FixtureRequest) -> Pixels:
    return np.ascontiguousarray(getattr(skimage.data, request.param)()[:300, :400])


def moved(pixels: Pixels, channel: int, down: int, across: int) -> Pixels:
    spoiled = pixels.copy()
    spoiled[..., channel] = np.roll(pixels[..., channel], (down, across), (0, 1))
    return spoiled


def test_channels_in_register_gain_nothing(photo: Pixels) -> None:
    found = register_numbers(photo)
    assert found[GAIN] < 0
    assert found[HERE] > found[THERE]
    assert found[DISTANCE] == 0


@pytest.mark.parametrize("channel", range(3))
@pytest.mark.parametrize(("down", "across"), [(0, 8), (-12, 0), (8, -8)])
def test_a_moved_channel_gains_and_its_distance_is_told(
    channel: int, down: int, across: int, photo: Pixels
) -> None:
    found = register_numbers(moved(photo, channel, down, across))
    assert found[GAIN] > 0.4
    assert found[THERE] > 0.6
    reduced_by = 300 // 128
    assert math.exp(found[DISTANCE]) == pytest.approx(
        math.hypot(down, across) / reduced_by, abs=0.8
    )


def test_a_turned_picture_has_the_same_numbers(photo: Pixels) -> None:
    spoiled = moved(photo, 1, 8, 4)
    turned = np.ascontiguousarray(spoiled.transpose(1, 0, 2))
    assert register_numbers(turned) == pytest.approx(register_numbers(spoiled), abs=1e-3)


def test_a_gray_picture_is_in_register() -> None:
    gray = np.repeat(skimage.data.camera()[..., None], 3, axis=2)
    found = register_numbers(gray)
    assert found[GAIN] < 0
    assert found[HERE] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("shape", [(64, 64), (64, 5000), (97, 65), (1500, 1001)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_color_has_finite_numbers(shape: tuple[int, int], level: int) -> None:
    found = register_numbers(np.full((*shape, 3), level, np.uint8))
    assert len(found) == NUMBERS
    assert np.isfinite(found).all()
    assert abs(found[GAIN]) < 0.01


def test_noise_of_any_shape_is_described() -> None:
    for shape in ((64, 64), (65, 127), (900, 130)):
        pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
        before = pixels.copy()
        assert np.isfinite(register_numbers(pixels)).all()
        assert np.array_equal(pixels, before)
    large = cv2.resize(before, (2000, 1400))
    assert np.isfinite(register_numbers(large)).all()

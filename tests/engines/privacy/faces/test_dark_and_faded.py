"""Faces in pictures that are too dark or too pale to show them at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.privacy.faces import FaceDetectorChain
from engines.privacy.faces.tones import spread_tones


def changed(pixels: Any, gain: float, toward: int) -> Any:
    """Every distance from the level `toward` multiplied by `gain`."""
    return np.rint(toward + (pixels.astype(np.float32) - toward) * gain).astype(np.uint8)


@pytest.mark.parametrize(("gain", "toward"), [(0.04, 0), (0.02, 0), (0.04, 128), (0.06, 245)])
def test_a_face_that_only_a_photo_editor_shows_is_a_face(
    yunet: FaceDetectorChain, photos: Any, gain: float, toward: int
) -> None:
    assert len(yunet.detect(changed(photos.pixels("astronaut.png"), gain, toward))) == 1


def test_also_in_a_dark_photograph_on_its_side(yunet: FaceDetectorChain, photos: Any) -> None:
    turned = np.ascontiguousarray(np.rot90(photos.pixels("astronaut.png")))
    assert len(yunet.detect(changed(turned, 0.04, 0))) == 1


@pytest.mark.parametrize("name", ["coffee.png", "chelsea.png"])
def test_a_dark_photograph_without_people_shows_nobody(
    yunet: FaceDetectorChain, photos: Any, name: str
) -> None:
    assert yunet.detect(changed(photos.pixels(name), 0.04, 0)) == ()


def test_an_ordinary_photograph_keeps_its_tones(photos: Any) -> None:
    assert spread_tones(photos.pixels("astronaut.png")) is None


@pytest.mark.parametrize("level", [0, 3, 128, 255])
def test_a_picture_of_one_level_is_not_searched_again(level: int) -> None:
    assert spread_tones(np.full((40, 30, 3), level, np.uint8)) is None


def test_somebody_small_before_a_plain_wall_in_the_dark(
    yunet: FaceDetectorChain, photos: Any
) -> None:
    wall = np.full((600, 600, 3), 200, np.uint8)
    wall[300:428, 200:328] = photos.pixels("astronaut.png")[::4, ::4]
    assert len(yunet.detect(changed(wall, 0.05, 0))) == 1


def test_brighter_stays_brighter_and_the_range_is_used() -> None:
    ramp = np.repeat(np.arange(10, 31, dtype=np.uint8), 100)[None, :, None].repeat(3, axis=2)
    spread = spread_tones(np.ascontiguousarray(ramp))
    assert spread is not None
    assert (np.diff(spread[0, :, 0].astype(int)) >= 0).all()
    assert (spread.min(), spread.max()) == (0, 255)

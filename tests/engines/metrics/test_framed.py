"""Pictures inside a picture: between bands of one color, or on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from skimage import data

from engines.metrics import framed as finding

if TYPE_CHECKING:
    from engines.types import Pixels


def framed(pixels: Pixels) -> list[Pixels]:
    return list(finding.framed(pixels))


@pytest.fixture(scope="module")
def photo() -> Pixels:
    return np.ascontiguousarray(data.astronaut()[100:340, 100:420])


def bordered(photo: Pixels, top: int, bottom: int, left: int, right: int) -> Pixels:
    sides = (top, bottom, left, right)
    return np.asarray(cv2.copyMakeBorder(photo, *sides, cv2.BORDER_CONSTANT, value=(255, 250, 240)))


@pytest.mark.parametrize(
    "sides", [(1, 1, 1, 1), (20, 20, 20, 20), (0, 40, 0, 0), (0, 0, 5, 0), (9, 60, 9, 9)]
)
def test_what_is_within_a_border_is_cut_out_exactly(photo: Pixels, sides: tuple[int, ...]) -> None:
    found = framed(bordered(photo, *sides))
    assert np.array_equal(found[0], photo)


def test_a_border_in_a_border_is_left_out_too(photo: Pixels) -> None:
    inner = bordered(photo, 10, 10, 10, 10)
    outer = np.asarray(cv2.copyMakeBorder(inner, 5, 5, 5, 5, cv2.BORDER_CONSTANT, value=(0, 0, 0)))
    found = framed(outer)
    assert any(np.array_equal(part, photo) for part in found)


def test_a_dark_photograph_of_which_the_border_cannot_be_told_is_left_whole(photo: Pixels) -> None:
    night = photo // 8
    night[-4:] = 0
    night[-40:-4, ::2] = 0
    bordered_in_black = cv2.copyMakeBorder(night, 9, 9, 9, 9, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    for part in framed(np.asarray(bordered_in_black)):
        assert part[0].any()
        assert part[-1].any()


def test_a_border_survives_jpeg(photo: Pixels) -> None:
    saved = cv2.imencode(".jpg", bordered(photo, 16, 16, 16, 16), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    height, width = framed(np.asarray(cv2.imdecode(saved, cv2.IMREAD_COLOR)))[0].shape[:2]
    assert abs(height - 240) <= 2
    assert abs(width - 320) <= 2


def test_the_pictures_of_a_collage_are_found_one_by_one(photo: Pixels) -> None:
    gap = np.full((240, 10, 3), 90, np.uint8)
    row = np.hstack([photo, gap, photo[:, ::-1]])
    found = framed(np.vstack([row, np.full((10, row.shape[1], 3), 90, np.uint8), row[::-1]]))
    assert sorted(part.shape for part in found) == [photo.shape] * 4
    assert any(np.array_equal(part, photo) for part in found)


def test_a_picture_between_words_on_a_page_is_found(photo: Pixels) -> None:
    page = bordered(photo, 60, 120, 40, 200)
    for line in range(6):
        cv2.putText(page, "lorem ipsum", (380, 90 + 30 * line), 0, 0.6, (30, 30, 30), 1)
    height, width = framed(page)[-1].shape[:2]
    assert abs(height - 240) <= 12
    assert abs(width - 320) <= 12


def test_rounded_corners_are_left_out(photo: Pixels) -> None:
    rounded = photo.copy()
    for step in range(20):  # a corner, drawn as a stair
        cut = 20 - step
        for rows in (step, -1 - step):
            rounded[rows, :cut] = rounded[rows, -cut:] = 255
    (middle,) = framed(rounded)
    assert middle.shape[0] >= 0.8 * 240
    assert middle.shape[1] >= 0.8 * 320


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_a_photograph_without_a_frame_has_none(name: str) -> None:
    assert framed(np.ascontiguousarray(getattr(data, name)()[..., :3])) == []


def test_an_object_on_a_plain_ground_a_gradient_and_one_color_have_none(photo: Pixels) -> None:
    round_object = np.full((400, 400, 3), 255, np.uint8)
    cv2.circle(round_object, (200, 200), 120, (180, 60, 40), -1)
    assert framed(round_object) == []
    ramp = np.repeat(np.linspace(0, 255, 512).astype(np.uint8)[:, None], 512, axis=1)
    assert framed(np.dstack([ramp] * 3)) == []
    assert framed(np.full((300, 300, 3), 128, np.uint8)) == []


def test_a_sky_of_one_color_is_a_part_of_its_photograph(photo: Pixels) -> None:
    hills = photo.copy()
    for column in range(320):  # the sky ends at another height in each column
        hills[: 60 + (column * 37) % 90, column] = (200, 220, 250)
    assert framed(hills) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (70, 70), (2, 2)])
def test_the_smallest_pictures_are_looked_at_too(shape: tuple[int, int]) -> None:
    assert framed(np.zeros((*shape, 3), np.uint8)) == []

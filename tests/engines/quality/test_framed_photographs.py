"""What surrounds a photograph, and its size, do not hide that it is spoiled."""

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
WHITE, BLACK, WOOD, PAPER = (255, 255, 255), (0, 0, 0), (96, 60, 30), (240, 240, 243)


def score(pixels: Pixels) -> float:
    return judge(np.ascontiguousarray(pixels), QualityConfig()).score


def at(pixels: Pixels, width: int) -> Pixels:
    height = round(pixels.shape[0] * width / pixels.shape[1])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def on(color: tuple[int, int, int], top: int, bottom: int, left: int, right: int) -> Frame:
    def framed(photo: Pixels) -> Pixels:
        sides = (top, bottom, left, right)
        return np.asarray(cv2.copyMakeBorder(photo, *sides, cv2.BORDER_CONSTANT, value=color))

    return framed


def written(pixels: Pixels, *lines: tuple[str, int, int]) -> Pixels:
    pixels = np.ascontiguousarray(pixels)
    for text, left, bottom in lines:
        cv2.putText(pixels, text, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 2)
    return pixels


def with_caption(photo: Pixels) -> Pixels:
    text = "Figure 3: the view from the north side"
    return written(on(WHITE, 0, 50, 0, 0)(photo), (text, 10, photo.shape[0] + 32))


def on_a_page(photo: Pixels) -> Pixels:
    lines = [("Quarterly newsletter", 60, 60)]
    below = 130 + photo.shape[0]
    lines += [("Lorem ipsum dolor sit amet, consectetur", 60, below + 30 * k) for k in range(6)]
    return written(on(WHITE, 90, 240, 60, 60)(photo), *lines)


def in_a_window(photo: Pixels) -> Pixels:
    lines = [(word, 12, 80 + 36 * k) for k, word in enumerate(["Albums", "Recent", "Trash"])]
    return written(on((40, 60, 90), 40, 0, 0, 0)(on(PAPER, 20, 30, 170, 20)(photo)), *lines)


def four_times(photo: Pixels) -> Pixels:
    row = np.hstack([photo, np.full((photo.shape[0], 12, 3), 255, np.uint8), photo[:, ::-1]])
    return np.vstack([row, np.full((12, row.shape[1], 3), 255, np.uint8), row])


def with_rounded_corners(photo: Pixels) -> Pixels:
    height, width = photo.shape[:2]
    inside = np.zeros((height, width), np.uint8)
    cv2.rectangle(inside, (40, 0), (width - 41, height), 255, -1)
    cv2.rectangle(inside, (0, 40), (width, height - 41), 255, -1)
    for x in (40, width - 41):
        for y in (40, height - 41):
            cv2.circle(inside, (x, y), 40, 255, -1)
    return np.asarray(np.where(inside[..., None] > 0, photo, np.uint8(255)))


if TYPE_CHECKING:
    Frame = Callable[[Pixels], Pixels]
FRAMES: Mapping[str, Frame] = {
    "a white line": on(WHITE, 1, 1, 1, 1),
    "two white lines": on(WHITE, 2, 2, 2, 2),
    "a white border": on(WHITE, 20, 20, 20, 20),
    "a black border": on(BLACK, 20, 20, 20, 20),
    "a wooden frame": on(WOOD, 30, 30, 30, 30),
    "a white border in a black one": lambda photo: on(BLACK, 8, 8, 8, 8)(
        on(WHITE, 16, 16, 16, 16)(photo)
    ),
    "a polaroid": on((250, 250, 248), 30, 100, 30, 30),
    "bars of a film": on(BLACK, 60, 60, 0, 0),
    "a caption": with_caption,
    "a page": on_a_page,
    "a window": in_a_window,
    "a collage": four_times,
    "rounded corners": with_rounded_corners,
}


@pytest.fixture(scope="module")
def bare(photos: Mapping[str, Pixels]) -> Mapping[str, Pixels]:
    return {name: at(photos[name], 450) for name in ("chelsea", "coffee")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["chelsea", "coffee"])
@pytest.mark.parametrize("frame", FRAMES)
def test_a_good_photograph_in_a_frame_passes_and_a_spoiled_one_fails(
    bare: Mapping[str, Pixels], frame: str, name: str
) -> None:
    photo = bare[name]
    spoiled = {
        "blurred": np.asarray(cv2.GaussianBlur(photo, (0, 0), 8)),
        "enlarged": np.asarray(
            cv2.resize(at(photo, 56), photo.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        ),
    }
    assert score(FRAMES[frame](photo)) >= PASSES
    passed = {how: score(FRAMES[frame](each)) for how, each in spoiled.items()}
    assert not {how: found for how, found in passed.items() if found >= PASSES}


def test_a_white_line_around_it_does_not_save_a_blurred_photograph(
    bare: Mapping[str, Pixels],
) -> None:
    blurred = np.asarray(cv2.GaussianBlur(bare["coffee"], (0, 0), 8))
    assert score(FRAMES["a white line"](blurred)) < PASSES <= score(bare["coffee"])


@pytest.mark.slow
def test_motion_that_shows_fails_a_large_photograph_as_a_small_one(
    photos: Mapping[str, Pixels],
) -> None:
    coffee = at(photos["coffee"], 512)
    large = np.hstack([coffee, coffee[:, ::-1]])
    large = np.vstack([large, large[::-1]])  # 1024 px, as sharp as the small one
    assert score(large) >= PASSES
    moved = np.asarray(cv2.filter2D(large, -1, np.eye(61) / 61))
    assert score(moved) < PASSES

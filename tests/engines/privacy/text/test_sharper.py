"""Lines that were found in a reduced view are read from the picture itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.validators.pictures.renders import dejavu
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from engines.privacy.text.sharper import Original
from engines.privacy.text.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import Pixels

SIDE = 400


def marked() -> Pixels:
    """A black picture with a red box of 96 x 24 px at (100, 200)."""
    pixels = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    pixels[200:224, 100:196, 0] = 255
    return pixels


def quad(x: float, y: float, width: float, height: float) -> NDArray[np.float32]:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return np.asarray(corners, dtype=np.float32)


def view(factor: float, left: int = 0, top: int = 0) -> View:
    side = round((SIDE - left) * factor)
    return View(np.zeros((side, side, 3), np.uint8), (left, top, SIDE - left, SIDE - top), factor)


def test_a_low_line_comes_in_the_pixels_of_the_picture() -> None:
    found = Original(marked(), view(0.25), (0, 0)).around(quad(25, 50, 24, 6))
    assert found is not None
    around, corners = found
    assert around.shape == (24 + 4, 96 + 4, 3)
    assert corners.tolist() == [[2, 2], [98, 2], [98, 26], [2, 26]]
    assert around[2:26, 2:98, 2].min() == 255  # BGR


def test_the_place_of_the_view_and_its_margin_count() -> None:
    found = Original(marked(), view(0.5, 80, 80), (7, 3)).around(quad(10 + 7, 60 + 3, 48, 12))
    assert found is not None
    assert found[0][2:26, 2:98, 2].min() == 255


def test_a_high_line_of_the_picture_is_scaled_to_what_the_recognizer_needs() -> None:
    found = Original(marked(), view(0.1), (0, 0)).around(quad(0, 0, 40, 20))
    assert found is not None
    around, corners = found
    assert around.shape[0] == pytest.approx(48, abs=2)
    assert corners[2, 1] - corners[0, 1] == pytest.approx(48, abs=0.1)


@pytest.mark.parametrize(("factor", "height"), [(1.0, 6.0), (0.25, 40.0), (0.25, 0.5)])
def test_what_is_sharp_enough_or_too_flat_stays_as_shown(factor: float, height: float) -> None:
    assert Original(marked(), view(factor), (0, 0)).around(quad(5, 10, 80, height)) is None


def test_a_line_beyond_the_border_is_cut_there() -> None:
    found = Original(marked(), view(0.25), (0, 0)).around(quad(90, 95, 30, 8))
    assert found is not None
    assert found[0].size > 0
    assert Original(marked(), view(0.25), (0, 0)).around(quad(120, 120, 30, 8)) is None


@pytest.mark.slow
def test_small_letters_on_a_photograph_are_read(rapidocr: RapidOcrReader, photos: Any) -> None:
    """At a third of their size, in which they are found, the digits are misread."""
    photo = photos.pixels("coffee.png")
    pixels = np.asarray(cv2.resize(photo, (4096, 2731), interpolation=cv2.INTER_CUBIC), np.uint8)
    drawn = Image.fromarray(pixels)
    font = ImageFont.truetype(dejavu(), 20)
    text = "Kontonummer 1234567"
    ImageDraw.Draw(drawn).text(
        (1200, 1100), text, font=font, fill="white", stroke_width=2, stroke_fill="black"
    )
    texts = [line.text.replace(" ", "") for line in rapidocr.read(np.asarray(drawn))]
    assert text.replace(" ", "") in texts

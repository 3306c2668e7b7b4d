"""What is made into a PNG comes out of it bit for bit, in every decoder, and stays small."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.errors import GenerationFailed
from engines.images.png_text import encode_png, read_png_text

if TYPE_CHECKING:
    from engines.types import Pixels


def _noise() -> Pixels:
    return np.random.default_rng(5).integers(0, 256, (37, 61, 3), np.uint8)


def _ramp() -> Pixels:
    across, down = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    return np.stack([across, down, across ^ down], axis=2)


@pytest.mark.parametrize(
    "pixels",
    [_noise(), _ramp(), np.zeros((1, 1, 3), np.uint8), np.full((8, 512, 3), 255, np.uint8)],
)
def test_every_pixel_comes_back(pixels: Pixels) -> None:
    content = encode_png(pixels, {})
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels)
    read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    assert np.array_equal(read[..., ::-1], pixels)


def test_smooth_pictures_are_small_files() -> None:
    """Without a filter this ramp takes more than its pixels' 196,608 bytes in run lengths."""
    assert len(encode_png(_ramp(), {})) < 65_536


def test_the_text_stands_before_the_pixels_and_is_read_back() -> None:
    text = {"inferloop.recipe": '{"prompt": "Zürich, 東京"}', "second": ""}
    assert read_png_text(io.BytesIO(encode_png(_ramp(), text))) == text


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_what_is_no_rgb_image_is_refused(pixels: Pixels) -> None:
    with pytest.raises(GenerationFailed, match="Not an RGB image"):
        encode_png(pixels, {})

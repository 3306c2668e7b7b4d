"""Vector art is told from photographs by gradients without noise and edges of one pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from skimage import data

from engines.metrics.content import Content, is_drawn
from engines.metrics.defects.defects import Defects, defects
from engines.metrics.defects.neighbors import neighbors
from engines.metrics.defects.vector import is_vector
from engines.metrics.gray import luma

if TYPE_CHECKING:
    from engines.types import Pixels

SIDE = 256


def gradient() -> Pixels:
    """A sky: two channels rise slowly to the right, one falls downwards, no noise anywhere."""
    right = np.linspace(40, 200, SIDE).astype(np.uint8)
    sky = np.empty((SIDE, SIDE, 3), np.uint8)
    sky[..., 0], sky[..., 1] = right, right // 2 + 60
    sky[..., 2] = np.linspace(250, 90, SIDE).astype(np.uint8)[:, None]
    return sky


def poster() -> Pixels:
    """Shapes with sharp edges in front of that sky, as a drawing program fills them."""
    pixels = gradient()
    for number, (x, y) in enumerate([(60, 60), (180, 90), (100, 190), (210, 210)]):
        cv2.circle(pixels, (x, y), 30, (240 - 50 * number, 30, 60 + 40 * number), -1)
    return pixels


def vector(pixels: Pixels) -> bool:
    return neighbors(cv2.split(pixels), luma(pixels)).vector


def with_noise(pixels: Pixels, sigma: float) -> Pixels:
    drawn = np.random.default_rng(1).normal(0, sigma, pixels.shape)
    return np.clip(pixels + drawn, 0, 255).astype(np.uint8)


def test_sharp_shapes_on_a_smooth_sky_are_vector_art() -> None:
    assert vector(poster())


def test_a_gradient_alone_has_no_edges_and_is_none() -> None:
    assert not vector(gradient())


@pytest.mark.parametrize("sigma", [2.0, 4.0, 8.0])
def test_with_the_noise_of_a_camera_it_is_none(sigma: float) -> None:
    assert not vector(with_noise(poster(), sigma))


def test_soft_edges_are_those_of_a_lens() -> None:
    assert not vector(np.asarray(cv2.GaussianBlur(poster(), (0, 0), 2)))


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut"])
def test_photographs_are_none(name: str) -> None:
    pixels = np.ascontiguousarray(getattr(data, name)()[:SIDE, :SIDE, :3])
    assert not vector(pixels)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_color_is_none(level: int) -> None:
    assert not vector(np.full((64, 64, 3), level, np.uint8))


def test_what_never_changes_has_no_edges() -> None:
    across = np.zeros((64, 63), np.uint8)
    assert not is_vector(across, across.T, np.zeros((64, 64), np.uint8), 0)


def test_a_picture_without_any_calm_place_is_none() -> None:
    """Steps of one pixel wherever one looks: a checkerboard, and no gradient to tell noise by."""
    rows, columns = np.indices((SIDE, SIDE))
    board = np.where((rows // 4 + columns // 4) % 2, 250, 5).astype(np.uint8)
    assert not vector(np.repeat(board[..., None], 3, axis=2))


def test_mirrored_and_upside_down_it_is_the_same() -> None:
    assert vector(np.ascontiguousarray(poster()[:, ::-1]))
    assert vector(np.ascontiguousarray(poster()[::-1]))


def test_vector_art_is_a_drawing_however_many_colors_it_has() -> None:
    found = defects(Content(poster()))
    assert found.vector
    assert found.palette > 24  # no few colors, by which other drawings are told
    assert is_drawn(found, Content(poster()))


def test_a_photograph_of_as_many_colors_is_none() -> None:
    cat = np.ascontiguousarray(data.chelsea())
    assert not is_drawn(defects(Content(cat)), Content(cat))


@pytest.mark.parametrize(("strength", "drawn"), [(0.0, True), (0.3, True), (0.5, False)])
def test_blocks_of_a_codec_make_flat_photographs_look_like_vectors(
    strength: float, drawn: bool
) -> None:
    """Where a grid is seen, gradients without noise are the codec's."""
    found = Defects(vector=True, grid=strength, grid_px=8, distinct=0.9)
    assert is_drawn(found, Content(poster())) is drawn

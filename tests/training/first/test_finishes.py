"""The art styles keep the shape of a drawing and change how it is drawn."""

import numpy as np
import pytest

from training.first.finishes import DISCS, disc, flattened, modeled
from training.first.pictures import ICONS, POSES, Art
from training.tiles import Tile

SIDE = 96
WHITE = np.full(3, 255, np.float32)


@pytest.fixture
def ball() -> Tile:
    """A red disc with a gradient, free around it."""
    y, x = np.mgrid[:SIDE, :SIDE]
    tile = np.zeros((SIDE, SIDE, 4), np.uint8)
    tile[..., 0] = 150 + x
    tile[..., 1] = 40 + y // 2
    tile[..., 3] = 255 * (np.hypot(x - 48, y - 44) < 36)
    return tile


def test_a_3d_ball_is_light_at_the_upper_left_and_dark_at_the_lower_right(ball: Tile) -> None:
    plain = np.full_like(ball, 128)
    plain[..., 3] = ball[..., 3]
    made = modeled(plain).astype(int)
    assert made[25, 30, 0] > made[44, 48, 0] > made[66, 68, 0]


def test_a_3d_ball_keeps_its_shape_and_gets_a_shadow_below_it(ball: Tile) -> None:
    made = modeled(ball)
    assert (made[..., 3][ball[..., 3] > 0] == 255).all()
    new = (made[..., 3] > 40) & (ball[..., 3] == 0)
    rows, _ = np.nonzero(new)
    assert len(rows) > 20
    assert rows.min() > SIDE * 0.6
    assert made[..., :3][new].max() < 60


def test_a_flat_ball_has_few_colors_and_keeps_its_shape(ball: Tile) -> None:
    made = flattened(ball)
    inside = ball[..., 3] > 0
    assert len(np.unique(ball[inside], axis=0)) > 100
    assert len(np.unique(made[inside], axis=0)) <= 5
    assert np.array_equal(made[..., 3], ball[..., 3])


def test_the_same_drawing_gives_the_same_picture(ball: Tile) -> None:
    assert np.array_equal(flattened(ball), flattened(ball))
    assert np.array_equal(modeled(ball), modeled(ball))


def test_a_drawing_that_is_almost_empty_stays_as_it_is(ball: Tile) -> None:
    nothing = np.zeros_like(ball)
    assert np.array_equal(modeled(nothing), nothing)
    assert np.array_equal(flattened(nothing), nothing)


def test_a_flat_icon_stands_on_a_disc_whose_corners_are_free(ball: Tile) -> None:
    art = Art(ball[None], {}, {"flat": flattened(ball)[None]})
    for icon, (pose, color) in enumerate(ICONS):
        picture = art.icon(0, (128, 128), icon).over(WHITE)
        _, (x, y) = POSES[pose]
        low = round((y + 0.36) * 128), round(x * 128)
        assert np.abs(picture[low] - color).max() < 3
        assert np.abs(picture[0, 0] - WHITE).max() == 0


def test_a_disc_has_its_color_also_at_its_soft_edge() -> None:
    made = disc(64, DISCS[0])
    assert (made[..., :3] == DISCS[0]).all()
    assert made[..., 3].max() == 255
    assert made[0, 0, 3] == 0

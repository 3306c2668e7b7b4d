"""Pictures composed from plans: what lies where, in which color, at any size."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from training.gallery import SHAPES, Shelf, draw_all, shape_of
from training.language.sentences import Picture
from training.pictures.compose import Composer, Windows, halved, hue_turn, premultiplied
from training.pictures.layouts import Ground, Placed
from training.pictures.places import HOURS, INDOORS, PLACES, draw, hours
from training.plans import plan
from training.tiles import SPRITES, Drawing, Tiles, pack, repaint, unpack

RED, LEFT_HALF = 0, 1


@pytest.fixture(scope="module")
def composer() -> Composer:
    """Two drawings: a red square with a clear frame, and a blue one on its left half alone."""
    tiles = np.zeros((2, 64, 64, 4), np.uint8)
    tiles[RED, 8:56, 8:56] = (255, 0, 0, 255)
    tiles[LEFT_HALF, :, :32] = (0, 0, 255, 255)
    drawings = (Drawing(0, 0, "emoji"), Drawing(1, 0, "emoji"))
    places = {"square": np.full((2, 64, 64, 3), 90, np.uint8)}
    places["square"][1, :, :32] = 200
    return Composer(Tiles(drawings, tiles), places, "cpu")


def composed(composer: Composer, ground: Ground, *placed: Placed, side: int = 64) -> Tensor:
    numbers = plan([Picture("", ground, placed)], Shelf(1))
    return composer.pictures(numbers, side, side)[0]


def test_a_drawing_lies_where_it_was_put(composer: Composer) -> None:
    made = composed(composer, Ground(), Placed(RED, 0.25, 0.75, 0.5))
    assert made.shape == (3, 64, 64)
    assert made[:, 48, 16].tolist() == pytest.approx([255, 0, 0], abs=2)
    assert made[:, 48, 48].tolist() == [255, 255, 255]
    assert made[:, 16, 16].tolist() == [255, 255, 255]


def test_a_later_drawing_covers_an_earlier_one(composer: Composer) -> None:
    made = composed(composer, Ground(), Placed(RED, 0.5, 0.5, 1), Placed(LEFT_HALF, 0.5, 0.5, 1))
    assert made[:, 32, 16].tolist() == pytest.approx([0, 0, 255], abs=2)
    assert made[:, 32, 48].tolist() == pytest.approx([255, 0, 0], abs=2)


def test_flips_and_turns(composer: Composer) -> None:
    flipped = composed(composer, Ground(), Placed(LEFT_HALF, 0.5, 0.5, 1, flip=True))
    assert float(flipped[0, 32, 48]) < 5
    assert float(flipped[0, 32, 16]) == 255
    turned = composed(composer, Ground(), Placed(LEFT_HALF, 0.5, 0.5, 1, angle=math.pi))
    torch.testing.assert_close(turned, flipped, atol=2, rtol=0)


def test_the_same_share_of_any_size(composer: Composer) -> None:
    put = Placed(RED, 0.5, 0.5, 0.8)
    large = composed(composer, Ground(), put, side=128)
    small = composed(composer, Ground(), put, side=32)
    shrunk = torch.nn.functional.avg_pool2d(large[None], 4)[0]
    assert float((shrunk - small).abs().mean()) < 6


def test_a_window_shows_its_part_of_the_picture(composer: Composer) -> None:
    pictures = [
        Picture("", Ground((0, 0, 0), (200, 100, 50)), (Placed(RED, 0.4, 0.6, 0.7, angle=0.3),)),
        Picture("", Ground(scene=Shelf(1).scenes[1], flip=True), (Placed(RED, 0.6, 0.3, 0.5),)),
    ]
    numbers = plan(pictures, Shelf(1))
    whole = composer.pictures(numbers, 64, 64)
    seen = composer.pictures(numbers, 64, 64, Windows(torch.tensor([[8, 32], [40, 4]]), 16))
    assert seen.shape == (2, 3, 16, 16)
    torch.testing.assert_close(seen[0], whole[0, :, 8:24, 32:48], atol=0.5, rtol=0)
    torch.testing.assert_close(seen[1], whole[1, :, 40:56, 4:20], atol=0.5, rtol=0)


def test_grounds_are_gradients_or_places(composer: Composer) -> None:
    ramp = composed(composer, Ground((0, 0, 0), (200, 100, 50)))
    assert ramp[:, 0, 5].tolist() == [0, 0, 0]
    assert ramp[:, -1, 5].tolist() == pytest.approx([200, 100, 50])
    scenes = Shelf(1).scenes
    shown = composed(composer, Ground(scene=scenes[1]))
    assert float(shown[0, 32, 8]) == pytest.approx(200, abs=1)
    mirrored = composed(composer, Ground(scene=scenes[1], flip=True))
    assert float(mirrored[0, 32, 8]) == pytest.approx(90, abs=1)


def test_hues_turn_about_gray() -> None:
    turn = hue_turn(torch.tensor([0.0, 2 * math.pi / 3]))
    torch.testing.assert_close(turn[0], torch.eye(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(turn[1] @ torch.ones(3), torch.ones(3))
    assert (turn[1] @ torch.tensor([1.0, 0, 0])).argmax() == 1


def test_clear_pixels_have_no_color_of_their_own() -> None:
    tile = torch.tensor([[200, 100, 0, 0], [200, 100, 0, 255]], dtype=torch.uint8)
    made = premultiplied(tile.T.reshape(1, 4, 1, 2))
    assert made[0, :, 0].T.tolist() == [[0, 0, 0, 0], [200, 100, 0, 255]]
    assert halved(made.repeat(1, 1, 2, 1)).shape == (1, 4, 1, 1)


def test_tiles_survive_packing_nearly() -> None:
    tile = np.zeros((32, 32, 4), np.uint8)
    tile[8:24, 8:24] = (200, 40, 60, 255)
    back = unpack(pack(tile)).astype(int)
    assert np.abs(back[12:20, 12:20] - tile[12:20, 12:20]).max() < 12
    assert back[0, 0, 3] == 0


@pytest.mark.parametrize(
    ("color", "channel"), [("blue", 2), ("green", 1), ("red", 0), ("yellow", 0)]
)
def test_painting_turns_the_vivid_part(color: str, channel: int) -> None:
    tile = np.zeros((8, 8, 4), np.uint8)
    tile[..., 3] = 255
    tile[:, :4] = (220, 20, 20, 255)
    made = repaint(tile, color)
    assert made[0, 0, :3].argmax() == channel
    assert made[0, 6, :3].tolist() == [0, 0, 0]
    gray = np.full((4, 4, 4), 128, np.uint8)
    np.testing.assert_array_equal(repaint(gray, color), gray)


@pytest.mark.parametrize("place", PLACES)
def test_places_are_seeded_in_range_and_change_with_the_hour(place: str) -> None:
    sprites = dict.fromkeys(SPRITES, np.full((16, 16, 4), 180, np.uint8))
    seen = []
    for hour in hours(place):
        first, again = (draw(place, hour, 3, (48, 64), sprites) for _ in range(2))
        assert first.shape == (48, 64, 3)
        assert 0 <= first.min() <= first.max() <= 255
        np.testing.assert_array_equal(first, again)
        seen.append(float(first.mean()))
    assert len(seen) == 1 if place in INDOORS else len(set(seen)) == len(seen) <= len(HOURS)


def test_the_gallery_is_in_the_shelf_s_order() -> None:
    shelf = Shelf(2)
    sprites = dict.fromkeys(SPRITES, np.full((16, 16, 4), 180, np.uint8))
    row = shelf.row(("sea", "night"), 0.7)
    assert row == 2 * shelf.scenes.index(("sea", "night")) + 1
    drawn = draw_all(shelf, (16, 16), sprites)
    expected = draw("sea", "night", 1, (16, 16), sprites).astype(np.uint8)
    np.testing.assert_array_equal(drawn[row], expected)
    assert {shape_of(*size) for size in SHAPES.values()} == set(SHAPES)

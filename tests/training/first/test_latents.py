"""The PCA code is linear and nearly lossless on what it was fitted on."""

import numpy as np
import pytest

from training.first.batches import compose
from training.first.concepts import CONCEPTS, SETS, Together, front, members
from training.first.latents import CHANNELS, COMMITTED, Basis, layered, patches, scene_rows
from training.first.pictures import POSES, TOGETHER, WITH, Art, Layer, Slot, set_layout
from training.first.render import own_rows, variants
from training.language.vocabulary import TONES, Icon
from training.pictures import places, scenes
from training.pictures.landforms import TIMES
from training.tiles import SPRITES, repaint, tint, white_haired


@pytest.fixture(scope="module")
def art() -> Art:
    tile = np.zeros((400, 400, 4), np.uint8)
    tile[100:300, 100:300] = (200, 30, 30, 255)
    return Art(objects=tile[None], sprites=dict.fromkeys(SPRITES, tile))


@pytest.fixture(scope="module")
def basis(art: Art) -> Basis:
    rows = [patches(art.scene(terrain, "day", 0, (128, 128))) for terrain in scenes.TERRAINS]
    rows.append(patches(art.layer(0, (128, 128)).over(np.full(3, 255, np.float32))))
    return Basis.fit(np.concatenate(rows))


def test_round_trip(art: Art, basis: Basis) -> None:
    picture = art.scene("sea", "day", 0, (128, 128))
    latent = basis.part(picture) - basis.offset
    assert latent.shape == (CHANNELS, 8, 8)
    error = basis.decode(latent) - picture
    assert 20 * np.log10(255 / np.sqrt(np.square(error).mean())) > 20


def test_latents_add_up_as_pictures_do(art: Art, basis: Basis) -> None:
    layer = art.layer(0, (128, 128))
    color = np.array([30, 90, 220], np.float32)
    whole = basis.part(layer.over(color))
    parts = basis.part(layer.color) + basis.part((1 - layer.alpha) * color)
    np.testing.assert_allclose(whole, parts, atol=1e-3)


def test_patches_are_row_major() -> None:
    picture = np.zeros((32, 48, 3), np.float32)
    picture[16:, 32:] = 7
    assert patches(picture).shape == (6, 768)
    assert patches(picture).mean(1).tolist() == [0, 0, 0, 0, 0, 7]


def test_an_object_keeps_its_place_and_edges(art: Art) -> None:
    layer = art.layer(0, (64, 128), side=0.5, centre=(0.25, 0.5))
    assert isinstance(layer, Layer)
    assert layer.alpha[32, 32, 0] == pytest.approx(1, abs=0.02)
    assert layer.alpha[:, 64:].max() == 0


def full_square() -> Art:
    """A drawing that fills its tile."""
    return Art(objects=np.full((1, 400, 400, 4), 255, np.uint8), sprites={})


def center_of(layer: Layer) -> tuple[float, float]:
    """Return the center of what is drawn, (x, y) in shares of the picture."""
    rows, columns = np.nonzero(layer.alpha[..., 0] > 0.5)
    height, width = layer.alpha.shape[:2]
    return (columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height


@pytest.mark.parametrize("pose", range(len(POSES)))
def test_a_pose_sizes_and_places_the_drawing(pose: int) -> None:
    side, center = POSES[pose]
    layer = full_square().posed(0, (128, 128), pose)
    assert center_of(layer) == pytest.approx(center, abs=0.02)
    assert (layer.alpha[..., 0] > 0.5).sum() == pytest.approx((side * 128) ** 2, rel=0.05)


def test_the_first_pose_is_the_plain_drawing(art: Art) -> None:
    np.testing.assert_array_equal(art.posed(0, (64, 64)).color, art.layer(0, (64, 64)).color)


def test_each_object_has_rows_of_its_own_drawings() -> None:
    drawings = variants()
    for number, (rows, concept) in enumerate(zip(own_rows(), CONCEPTS, strict=True)):
        own = [drawings[row] for row in rows]
        assert {drawing.concept for drawing in own} == {number}
        assert {drawing.color for drawing in own} == {concept.color}
        assert len({drawing.tone for drawing in own}) == len(own)
        assert len(own) == (len(TONES) if concept.icons[0].toned else 1)


@pytest.mark.parametrize("places_of", [*TOGETHER.values(), WITH])
@pytest.mark.parametrize("background", [(255, 255, 255), (40, 96, 216)])
def test_several_drawings_add_up_to_their_picture(
    art: Art, basis: Basis, places_of: tuple[Slot, ...], background: tuple[int, int, int]
) -> None:
    picture = np.broadcast_to(np.array(background, np.float32), (128, 128, 3))
    layers = [art.slot(0, (128, 128), slot) for slot in places_of]
    for layer in layers:
        picture = layer.over(picture)
    made = compose([layered(basis, layer) for layer in layers], background)
    np.testing.assert_allclose(made, basis.part(picture), atol=0.02)


def test_the_committed_code_is_the_one_that_is_taken() -> None:
    with np.load(COMMITTED) as data:
        assert data["project"].shape == (CHANNELS, 768)
        np.testing.assert_allclose(data["project"] @ data["restore"], np.eye(CHANNELS), atol=1e-4)


@pytest.mark.parametrize("group", SETS, ids=lambda group: group.names[0])
def test_a_set_shows_its_members_and_is_the_same_each_time(group: Together) -> None:
    rows = own_rows()
    allowed = {row for member in members(group) for row in rows[member]}
    before = front(group)
    allowed |= set(rows[before]) if before is not None else set()
    for layout in range(3):
        put = set_layout(group, layout, rows)
        assert put == set_layout(group, layout, rows)
        assert {placed.tile for placed in put} <= allowed
        assert len(put) >= group.least


def test_every_place_is_taught_at_its_hours() -> None:
    taught = {(place, hour) for place, hour, _ in scene_rows()}
    assert {place for place, _ in taught} == set(places.PLACES)
    assert {("street", "rain"), ("village", "night"), ("table", "day")} <= taught
    assert ("sea", "snowfall") not in taught


def test_landscapes_of_the_first_recipe_are_drawn_as_they_were(art: Art) -> None:
    drawn = scenes.draw("mountains", "night", 1, (64, 64), art.sprites)
    np.testing.assert_array_equal(art.scene("mountains", "night", 1, (64, 64)), drawn)


@pytest.mark.parametrize("terrain", scenes.TERRAINS)
@pytest.mark.parametrize("time", TIMES)
def test_scenes_are_seeded_and_in_range(art: Art, terrain: str, time: str) -> None:
    first, again = (art.scene(terrain, time, 3, (64, 96)) for _ in range(2))
    assert first.shape == (64, 96, 3)
    assert first.min() >= 0
    assert first.max() <= 255
    np.testing.assert_array_equal(first, again)


def test_night_is_darker_than_day_but_not_black(art: Art) -> None:
    day, night = (art.scene("mountains", t, 0, (128, 128)).mean() for t in ("day", "night"))
    assert 30 < night < day


def test_repainting_turns_the_vivid_part() -> None:
    tile = np.zeros((8, 8, 4), np.uint8)
    tile[..., 3] = 255
    tile[:, :4] = (220, 20, 20, 255)
    blue = repaint(tile, "blue")
    assert blue[0, 0, 2] > blue[0, 0, 0]
    assert blue[0, 6, :3].tolist() == [0, 0, 0]


def test_a_pale_bus_is_painted_and_its_windows_stay() -> None:
    tile = np.zeros((8, 8, 4), np.uint8)
    tile[:, :4] = (250, 240, 215, 255)
    tile[:, 4:] = (150, 205, 250, 255)
    yellow = tint(tile, "yellow")
    assert yellow[0, 0, 0] > 2 * yellow[0, 0, 2]
    np.testing.assert_array_equal(yellow[:, 4:], tile[:, 4:])


def test_only_the_hair_of_a_man_turns_white() -> None:
    body = "<a #edc391/><a #312d2d/><a #454140/><a #454140/><a #f9ddbd/><a #312d2d/>"
    white = white_haired(body)
    assert "#454140" not in white
    assert white.count("#312d2d") == 1
    assert white.endswith("<a #f9ddbd/><a #312d2d/>")


@pytest.mark.parametrize(
    ("cell", "icon"),
    [
        ("fox", Icon("fox", toned=False)),
        ("~woman", Icon("woman", toned=True)),
        ("bus@pale yellow", Icon("bus", toned=False, paint="pale yellow")),
        ("~man-beard@white hair", Icon("man-beard", toned=True, paint="white hair")),
    ],
)
def test_an_icon_of_the_table_says_its_tones_and_paint(cell: str, icon: Icon) -> None:
    assert Icon.read(cell) == icon

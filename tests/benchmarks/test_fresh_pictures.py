"""The third set of pictures: each once, by its kind, and pixel art cut out of sheets."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.validators.pictures import fresh
from benchmarks.validators.pictures.licensed import half
from training.quality.pictures import unseen_scenes


def picture(seed: int, side_px: int = 320) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side_px, side_px)))


def png(seed: int, side_px: int = 320) -> bytes:
    held = io.BytesIO()
    Image.fromarray(picture(seed, side_px)).save(held, "PNG")
    return held.getvalue()


@pytest.mark.parametrize(
    ("stem", "kind"),
    [
        ("gopro-hero", "product"),
        ("error-404", "flat drawing"),
        ("illustration-lock", "flat drawing"),
        ("soft-ui-dashboard-screen-rtl", "screen"),
        ("white-curved", "smooth graphics"),
        ("map-of-a-forest", "photo"),
    ],
)
def test_a_picture_of_npm_has_its_kind_by_its_whole_name(stem: str, kind: str) -> None:
    assert fresh.npm_kind(stem) == kind


def test_an_archive_gives_its_large_pictures(tmp_path: Path) -> None:
    path = tmp_path / "kit-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as packed:
        for name, content in {
            "package/town.png": png(1),
            "package/msi.png": png(2),
            "package/icon.png": png(3, 64),
            "package/broken.jpg": b"\xff\xd8\xff nothing",
            "package/readme.md": b"town.png",
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    found = list(fresh.of_archive("kit", path))
    assert [(kind, name) for kind, name, _ in found] == [
        ("photo", "kit_town"),
        ("product", "kit_msi"),
    ]
    assert (found[0][2] == picture(1)).all()


def test_near_copies_are_written_once_and_into_the_half_of_their_name(tmp_path: Path) -> None:
    brighter = np.clip(picture(1).astype(int) + 3, 0, 255).astype(np.uint8)
    named = [("photo", "a", picture(1)), ("photo", "b", brighter), ("screen", "c", picture(2))]
    assert fresh.written(named, tmp_path) == 2
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")}
    assert files == {f"{half('a')}/photo/a.png", f"{half('c')}/screen/c.png"}


def test_what_another_set_has_is_left_out(tmp_path: Path) -> None:
    Image.fromarray(picture(1)).save(tmp_path / "known.png")
    unseen = fresh.Unseen()
    unseen.know(tmp_path)
    assert not unseen.is_new(picture(1))
    assert unseen.is_new(picture(2))


def test_sheets_are_cut_into_squares_and_empty_ones_left_out() -> None:
    sheet = np.full((128 * fresh.EVERY_SPRITES, 256, 3), 255, np.uint8)
    sheet[:128, :128] = picture(4, 128)
    (only,) = fresh.sprites(sheet)
    assert only.shape == (512, 512, 3)
    assert (only[::4, ::4] == picture(4, 128)).all()
    assert (only[1::4, 3::4] == picture(4, 128)).all()


@pytest.mark.parametrize("name", [*unseen_scenes.DRAWN])
def test_scenes_are_drawn_alike_for_the_same_number(name: str) -> None:
    draw = unseen_scenes.DRAWN[name]
    one, again, other = draw(3, 128), draw(3, 128), draw(4, 128)
    assert one.dtype == np.uint8
    assert one.shape[1:] == (128, 3)
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize("name", [*unseen_scenes.OF_PHOTOGRAPHS])
def test_scenes_of_a_photograph_have_its_size(name: str) -> None:
    photo = picture(5)
    made = unseen_scenes.OF_PHOTOGRAPHS[name](photo, 0, 320)
    assert (made.dtype, made.shape) == (photo.dtype, photo.shape)
    assert (made != photo).any()

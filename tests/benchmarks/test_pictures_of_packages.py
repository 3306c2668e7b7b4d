"""Pictures of packages, also those in archives within a package."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from benchmarks.validators.pictures.last import From, pictures
from benchmarks.validators.pictures.licensed import Source, first_packages, some


def png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def test_pictures_in_archives_are_found_by_their_path_in_it(tmp_path: Path) -> None:
    coffee, cat = skimage.data.coffee(), skimage.data.chelsea()
    games = tmp_path / "a-game" / "usr" / "games"
    games.mkdir(parents=True)
    (games / "plain.png").write_bytes(png(coffee))
    (games / "notes.txt").write_bytes(b"no picture" * 2000)
    with zipfile.ZipFile(games / "base.pk3", "w") as archive:
        archive.writestr("textures/cat.png", png(cat))
        archive.writestr("maps/coffee.png", png(coffee))
    sources = (
        From("texture", "a-game", "usr/games/base.pk3/textures/*"),
        From("photo", "a-game", "usr/games/plain.*"),
        From("photo", "a-game", "usr/games/absent/*"),
    )
    found = list(pictures(tmp_path, sources))
    assert [(kind, name) for kind, name, _ in found] == [
        ("texture", "a-game_base.pk3_textures_cat"),
        ("photo", "a-game_usr_games_plain"),
    ]
    assert np.array_equal(found[0][2], cat)
    assert np.array_equal(found[1][2], coffee)


def test_a_set_can_be_tried_with_its_first_packages() -> None:
    sources = {
        "photo": (Source("b", ("*.jpg",)), Source("a", ("*.png",))),
        "screen": (Source("b", ("*.png",)), Source("c", ("*.png",))),
    }
    tried = [(kind, source.package) for kind, source in some(sources, 1)]
    assert tried == [("photo", "b"), ("screen", "b")]
    assert len(list(some(sources, None))) == 4
    assert first_packages(["b", "a", "b", "c"], 2) == {"a", "b"}

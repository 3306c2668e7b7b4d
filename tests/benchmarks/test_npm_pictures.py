"""The pictures of npm packages are taken once each, large enough, and by their kind."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.validators.pictures import npm as npm_pictures


def jpeg(seed: int, side_px: int) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((side_px, side_px))
    held = io.BytesIO()
    picture.save(held, "JPEG")
    return held.getvalue()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return path


def test_small_pictures_damaged_ones_and_other_files_are_left_out(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "kit-1.0.0.tgz",
        {
            "package/img/town.jpg": jpeg(1, 400),
            "package/img/icon.jpg": jpeg(2, 64),
            "package/img/broken.jpg": b"\xff\xd8\xff not a picture",
            "package/readme.md": b"a picture.jpg",
        },
    )
    assert [name for name, _ in npm_pictures.unpacked("kit", path)] == ["kit_town"]


def test_every_package_is_pinned_and_says_its_license() -> None:
    for package, license_ in npm_pictures.LICENSES.items():
        assert package.count("@") == 1
        assert license_.startswith("MIT: ")
        assert "LICENSE" in license_


def test_no_kind_and_no_name_is_left_of_a_package_that_is_not_taken() -> None:
    short = [
        each.partition("@")[0].replace("startbootstrap-", "sb_") for each in npm_pictures.PACKAGES
    ]
    named = {
        *npm_pictures.LEFT_OUT,
        *(name for names in npm_pictures.KINDS.values() for name in names),
    }
    assert all(any(name.startswith(f"{each}_") for each in short) for name in named)


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    path = archive(tmp_path / "kit-1.0.0.tgz", {"package/wide.jpeg": jpeg(1, 1600)})
    ((_, picture),) = npm_pictures.unpacked("kit", path)
    assert picture.size == (1024, 1024)


def test_copies_are_taken_once_and_what_is_named_is_left_out() -> None:
    town, other = (Image.open(io.BytesIO(jpeg(seed, 400))) for seed in (1, 2))
    left_out = min(npm_pictures.LEFT_OUT)
    found = [("a_town", town), ("b_town", town), (left_out, other), ("sb_agency_5", other)]
    assert [name for _, name, _ in npm_pictures.sorted_out(found[:3])] == ["a_town"]
    ((kind, _, _),) = npm_pictures.sorted_out(found[3:])
    assert kind == "neon"

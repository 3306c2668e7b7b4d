"""The tables of the quality benchmark, and the pictures that they are made of."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from benchmarks.validators.pictures.licensed import embedded, half, on_white
from benchmarks.validators.quality_tables import fairness, of_folder, other_forms
from training.quality.pictures.drawings import drawing
from training.quality.pictures.families import FAMILIES
from training.quality.pictures.forms import APART, FORMS
from training.quality.pictures.gross_defects import GROSS, blank, mosaic, wrong_blocks
from training.quality.pictures.kinds import kinds, pixel_art, product, sizes

if TYPE_CHECKING:
    from pathlib import Path

    from engines.types import Pixels


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (96, 130, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_spoils_and_keeps_the_shape(name: str, picture: Pixels) -> None:
    spoil, levels = FAMILIES[name]
    before = picture.copy()
    spoiled = spoil(picture, levels[-1])
    assert spoiled.shape == picture.shape
    assert spoiled.dtype == np.uint8
    assert np.array_equal(picture, before)
    assert not np.array_equal(spoiled, picture)


def test_a_mosaic_is_of_squares_and_a_blank_of_one_color(picture: Pixels) -> None:
    squares = mosaic(picture, 8)
    assert np.ptp(squares[:8, :8].reshape(-1, 3), axis=0).max() == 0
    assert np.ptp(blank(picture, 1.0).reshape(-1, 3), axis=0).max() == 0
    assert 0 < (wrong_blocks(picture, 0.25) != picture).any(axis=2).mean() < 0.3


def test_no_family_is_listed_twice() -> None:
    assert set(GROSS) < set(FAMILIES)


def test_a_product_keeps_its_background_and_pixel_art_its_squares(picture: Pixels) -> None:
    page = product(picture, 255, 200)
    assert (page[0] == 255).all()
    assert not (page == 255).all()
    art = pixel_art(1, 64)
    assert (art[:4, :4] == art[0, 0]).all()
    assert [max(each.shape) for each in sizes(lambda side: drawing(1, side))] == [
        *(256, 512, 1024, 2048)
    ]


def test_every_kind_has_pictures(picture: Pixels) -> None:
    made = kinds([picture], side_px=64)
    assert {"gradient", "slide", "product on white", "snow", "black and white"} < set(made)
    assert all(made.values())


def test_the_table_of_kinds_says_how_many_pass_and_by_which_thresholds() -> None:
    table = fairness({"blank": [np.zeros((40, 40, 3), np.uint8)]})
    assert "| blank | 0/1 | 0.00 (0.00) |" in table


def test_a_folder_of_kinds_is_read_and_what_is_no_picture_is_said(
    tmp_path: Path, picture: Pixels, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fog").mkdir()
    Image.fromarray(picture).save(tmp_path / "fog" / "a.png")
    (tmp_path / "fog" / "b.png").write_bytes(b"no picture")
    found = of_folder(tmp_path)
    assert {kind: len(pictures) for kind, pictures in found.items()} == {"fog": 1}
    assert "b.png" in capsys.readouterr().out


def test_the_half_of_a_picture_follows_from_its_name() -> None:
    halves = [half(f"picture_{number}") for number in range(100)]
    assert halves == [half(f"picture_{number}") for number in range(100)]
    assert 30 < halves.count("choose") < 70


def test_transparent_pictures_are_laid_on_white_and_large_ones_scaled() -> None:
    clear = Image.new("RGBA", (2048, 1024), (0, 0, 0, 0))
    pixels = on_white(clear)
    assert (pixels.shape, int(pixels.min())) == ((512, 1024, 3), 255)
    assert on_white(Image.new("P", (16, 16)), 512).shape == (512, 512, 3)


def test_pictures_are_found_inside_a_resource_file(picture: Pixels) -> None:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=True)
    content = b"qres RIFF...." + file.getvalue() + b"RIFFtail"
    assert list(embedded(content)) == [file.getvalue()]


def test_the_table_of_other_forms_has_a_row_for_each(picture: Pixels) -> None:
    header, _, *rows = other_forms([picture]).strip().splitlines()
    assert header.count("|") == 5
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows} == {*FORMS, APART}
    assert all(row.endswith(("| 0/1 |", "| 1/1 |")) for row in rows)

"""What the learned head of the quality score learns from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from safetensors import safe_open

from training.quality import __main__ as command
from training.quality import examples
from training.quality.__main__ import Task
from training.quality.examples import CLEAN, WORST, Example
from training.quality.fit import Drawn, Told, fit
from training.quality.pictures import (
    close_ups,
    fine_textures,
    game_scenes,
    night_scenes,
    ruled_scenes,
)
from training.quality.pictures.families import FAMILIES, OF_DRAWINGS, OF_SMOOTHNESS
from training.quality.pictures.forms import APART, FORMS
from training.quality.pictures.variants import VARIANTS


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set") / "choose" / "photo" / "coffee.png"
    path.parent.mkdir(parents=True)
    Image.fromarray(skimage.data.coffee()[::3, ::3]).save(path)
    return path


def said(found: list[Example]) -> list[tuple[str, int]]:
    return [(each.family, each.level) for each in found]


def test_a_photograph_gives_each_family_at_its_worst_and_four_variants(photo: Path) -> None:
    found = list(examples.of_file(photo, "photo"))
    assert [each.level for each in found if each.family == CLEAN] == [0]
    assert {each.family for each in found if each.level == WORST} == set(FAMILIES)
    variants = [each.family for each in found if each.family.startswith(f"{CLEAN}:")]
    assert len(variants) == len(set(variants)) == 4
    assert {name.removeprefix(f"{CLEAN}:") for name in variants} <= set(VARIANTS)


def test_a_photograph_gives_families_in_other_forms(photo: Path) -> None:
    found = list(examples.in_other_forms(photo, "photo"))
    assert [each.level for each in found if each.family == CLEAN] == [0]
    assert {each.family for each in found if each.level == WORST} == set(FORMS)
    assert sum(each.family.startswith(f"{CLEAN}:") for each in found) == 4
    plain = {each.pixels.tobytes() for each in examples.of_file(photo, "photo") if each.level}
    other = {each.pixels.tobytes() for each in found if each.level}
    assert len(other - plain) > 0.9 * len(other)


def test_what_a_picture_gives_follows_from_its_name(photo: Path, tmp_path: Path) -> None:
    once, again = (list(examples.of_file(photo, "product")) for _ in range(2))
    assert said(once) == said(again)
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(once, again, strict=True))
    other = tmp_path / "another.png"
    other.write_bytes(photo.read_bytes())
    assert said(list(examples.of_file(other, "product"))) != said(once)


def test_a_picture_that_glows_is_not_blurred_for_an_example(photo: Path) -> None:
    for number in range(20):
        path = photo.with_name(f"{number}.png")
        path.write_bytes(photo.read_bytes())
        families = {each.family for each in examples.of_file(path, "smooth graphics")}
        assert not families & set(OF_SMOOTHNESS)
        assert families - {CLEAN} <= set(OF_DRAWINGS)


def test_white_that_is_no_paper_is_bad_with_and_without_color(photo: Path) -> None:
    clean, *exposed = examples.over_exposed(photo)
    assert (clean.family, clean.level) == (CLEAN, 0)
    assert {(each.family, each.level) for each in exposed} == {("over-exposed", WORST)}
    colored = [bool(np.ptp(each.pixels, axis=2).any()) for each in exposed]
    assert colored == [True] * 3 + [False] * 3
    white = [float((each.pixels == 255).mean()) for each in exposed]
    assert white[:3] == sorted(white[:3])


def test_a_photograph_gives_some_families_in_all_levels(photo: Path) -> None:
    clean, *spoiled = examples.in_all_levels(photo)
    assert (clean.family, clean.level) == (CLEAN, 0)
    by_family: dict[str, list[int]] = {}
    for each in spoiled:
        by_family.setdefault(each.family, []).append(each.level)
    assert len(by_family) == 8
    assert APART in by_family
    assert set(by_family) <= {*FAMILIES, APART}
    assert all(levels == [1, 2, 3, 4, 5] for levels in by_family.values())
    assert said([clean, *spoiled]) == said(list(examples.in_all_levels(photo)))


def test_a_photograph_gives_later_forms_in_all_levels_and_good_ones_with_plain_parts(
    photo: Path,
) -> None:
    found = list(examples.in_later_forms(photo))
    good = [each for each in found if not each.level]
    assert len(good) == 3
    assert good[0].family == CLEAN
    assert {each.family for each in good[1:]} <= {
        f"{CLEAN}:{name}" for name in ("letterbox", "frame", "collage", "caption")
    }
    spoiled = [each for each in found if each.level]
    assert [each.level for each in spoiled] == [1, 2, 3, 4, 5] * 11
    assert {"WebP", "mosaic", "gray end", "under-exposed", APART} < {
        each.family for each in spoiled
    }
    assert said(found) == said(list(examples.in_later_forms(photo)))


def test_a_photograph_gives_its_mildest_forms_in_all_levels(photo: Path) -> None:
    clean, *spoiled = examples.in_milder_forms(photo)
    assert (clean.family, clean.level) == (CLEAN, 0)
    assert [each.level for each in spoiled] == [1, 2, 3, 4, 5] * 7
    expected = {"tint", "motion blur", "over-exposed", "under-exposed", "gray end"}
    assert {each.family for each in spoiled} == expected
    assert said([clean, *spoiled]) == said(list(examples.in_milder_forms(photo)))


def test_a_photograph_as_an_old_print_has_no_color_and_gives_defects_that_need_none(
    photo: Path,
) -> None:
    clean, *spoiled = examples.as_a_print(photo)
    assert (clean.family, clean.level) == (CLEAN, 0)
    tones = clean.pixels.reshape(-1, 3).astype(float)
    assert np.corrcoef(tones.T).min() > 0.99
    assert [each.level for each in spoiled] == [1, 2, 3, 4, 5] * 8
    families = {each.family for each in spoiled}
    assert {"WebP", "motion blur", "halos"} < families
    assert not families & {"tint", "color noise", "cast, warm", "cast, cold", "cast, green"}
    assert said([clean, *spoiled]) == said(list(examples.as_a_print(photo)))


def test_a_close_up_of_a_photograph_is_a_good_texture_and_so_is_it_repeated(photo: Path) -> None:
    found = list(examples.as_textures(photo))
    good = {each.family: each.pixels for each in found if not each.level}
    assert set(good) == {CLEAN, f"{CLEAN}:dark", f"{CLEAN}:repeated"}
    assert good[CLEAN].shape[0] == good[CLEAN].shape[1]
    assert 0.25 < good[f"{CLEAN}:dark"].mean() / good[CLEAN].mean() < 0.65
    assert len({each.family for each in found if each.level == WORST}) == 4
    assert said(found) == said(list(examples.as_textures(photo)))


def test_a_close_up_shows_the_part_with_detail_and_no_plain_sky() -> None:
    detailed = np.random.default_rng(1).integers(0, 256, (400, 800, 3), np.uint8)
    detailed[:, :300] = 200
    plain = []
    for seed in range(8):
        part = close_ups.close_up(detailed, np.random.default_rng(seed))
        plain.append(float((part == 200).all(axis=2).mean()))
    assert np.median(plain) == 0


def test_levels_are_ordered_within_each_form() -> None:
    def told(family: str, level: int) -> Told:
        return Told("a", "photo", family, level, np.zeros(1, np.float32))

    levels = [5, 2, 1, 5, 3]
    drawn = Drawn([told(CLEAN, 0), *(told("JPEG", level) for level in levels)], seed=0)
    batch = drawn.batch()
    pairs = set(zip(batch[384:576].tolist(), batch[576:].tolist(), strict=True))
    assert pairs == {(0, 3), (3, 2), (2, 1), (0, 5), (5, 4)}


@pytest.mark.parametrize(
    "kind", [*game_scenes.DRAWN, *ruled_scenes.DRAWN, *night_scenes.DRAWN, *fine_textures.DRAWN]
)
def test_a_scene_is_drawn_in_any_size_and_differs_by_number(kind: str) -> None:
    draw = examples.DRAWN[kind]
    for side_px in (64, 256, 640):
        pixels = draw(1, side_px)
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        assert max(pixels.shape[:2]) <= 1.2 * side_px
        assert np.ptp(pixels) > 20
    assert np.array_equal(draw(1, 256), draw(1, 256))
    assert not np.array_equal(draw(1, 256), draw(2, 256))


@pytest.mark.slow
def test_a_drawing_comes_in_four_sizes() -> None:
    found = list(examples.drawing_in_sizes("waves", 3))
    assert [each.pixels.shape[0] for each in found] == [256, 512, 1024, 2048, 512]
    assert {each.family for each in found} == {CLEAN}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_a_picture_of_its_own(name: str, photo: Path) -> None:
    pixels = np.asarray(Image.open(photo))
    changed = VARIANTS[name](pixels, np.random.default_rng(0))
    assert changed.dtype == np.uint8
    assert changed.ndim == 3
    assert changed.shape[2] == 3
    assert not np.array_equal(changed, pixels)


def test_each_source_has_its_share_of_the_bad_examples() -> None:
    def told(picture: str, family: str = "JPEG", level: int = WORST) -> Told:
        return Told(picture, "photo", family, level, np.zeros(1, np.float32))

    many = [told("a", level=4), *[told("a")] * 9]
    drawn = Drawn([told("a", CLEAN, 0), *many, told("formed_a"), told("later_a")], seed=0)
    bad = np.concatenate([drawn.batch()[192:384] for _ in range(10)])
    assert 0.45 < float((bad == 11).mean()) < 0.55
    assert 0.15 < float((bad == 12).mean()) < 0.25
    assert set(bad.tolist()) == set(range(2, 13))


def test_names_whose_pictures_are_in_no_folder_are_told(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = examples.name_of(photo)
    names = tmp_path / "names.txt"
    names.write_text(f"{name}\nsized_{name}\npictures_old_photo_a.png\n")
    every = list(command.tasks([photo.parents[1]]))
    assert [task.name for task in command.chosen(every, names)] == sorted([name, f"sized_{name}"])
    assert capsys.readouterr().out == (
        "1 of 3 names are in no folder, such as pictures_old_photo_a.png\n"
    )
    assert len(command.chosen(every, None)) == len(every)
    assert len(command.some(every, None)) == len(every)
    assert 20 <= len(command.some(every, 20)) <= 22


def test_an_interrupted_measuring_leaves_nothing_that_a_second_one_would_read(
    photo: Path, tmp_path: Path
) -> None:
    def interrupted() -> Iterator[Example]:
        yield from list(examples.in_sizes(photo))[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        command.measure(Task("a", "photo", interrupted()), tmp_path)
    told, _ = command.measure(Task("a", "photo", examples.in_sizes(photo)), tmp_path)
    assert len(told) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_the_command_measures_once_and_what_it_measures_makes_a_head(
    photo: Path, tmp_path: Path
) -> None:
    folder = photo.parents[1]
    by_name = {task.name: task for task in command.tasks([folder])}
    task = by_name[f"sized_{examples.name_of(photo)}"]
    told, names = command.measure(task, tmp_path)
    again, _ = command.measure(task._replace(examples=iter(())), tmp_path)
    assert [each.family for each in again] == [each.family for each in told]
    path = tmp_path / "head.safetensors"
    fit(told, names, path, seeds=(0,), steps=4)
    with safe_open(path, framework="numpy") as file:
        assert json.loads(file.metadata()["names"]) == names
        families = json.loads(file.metadata()["families"])
        assert file.get_tensor("last.bias").shape == (1, 1 + len(families))
    assert set(families) == {each.family for each in told if each.level}

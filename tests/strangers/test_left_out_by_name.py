"""What an export leaves out it names, and why; what it takes its readers can decode."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import get_args

import orjson
import pyarrow.parquet as pq
import pytest
from PIL import Image

from engines.datasets.store.layout import iter_images
from engines.datasets.store.store import DatasetStore
from engines.errors import NotFound
from engines.storage.folder.storage import FolderStorage
from engines.types import SKIPPED_NAMED, ExportFilter, ExportFormat, PrivacyReport, QualityReport
from tests.strangers.conftest import FOLDER, Export, image, turned

FORMATS: list[ExportFormat] = [each for each in get_args(ExportFormat) if each != "imagefolder"]
"""Folders are named by a label, and strangers' files have none."""
BROKEN = {
    "cut.gif": image("GIF")[:-40],
    "cut.jpg": image("JPEG", 200, 200)[:-2000],
    "cut.png": image("PNG", 200, 200)[:-200],
    "cut.webp": image("WEBP", 200, 200)[:-300],
    "empty.png": b"",
    "page.jpg": b"<html><body>404</body></html>",
}


def lines(storage: FolderStorage, key: str) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in storage.read(key).splitlines()]


@pytest.mark.parametrize("format_", FORMATS)
def test_damaged_pictures_are_named_and_the_others_arrive(
    storage: FolderStorage, export: Export, format_: ExportFormat
) -> None:
    for name, content in {**BROKEN, "good.png": image(), "good.jpg": image("JPEG")}.items():
        storage.put_new(f"{FOLDER}/{name}", content)
    report = export(format_, "out")
    assert (report.status, report.exported_count) == ("partial", 2)
    assert report.skipped_count == len(BROKEN)
    assert [each.name for each in report.skipped] == sorted(BROKEN)
    assert all(each.reason for each in report.skipped)


def test_every_exported_picture_decodes(storage: FolderStorage, export: Export) -> None:
    for name, content in {**BROKEN, "good.png": image(), "good.tif": image("TIFF")}.items():
        storage.put_new(f"{FOLDER}/{name}", content)
    export("parquet", "out.parquet")
    table = pq.read_table(io.BytesIO(storage.read("exports/out.parquet")))
    for cell in table["image"].to_pylist():
        Image.open(io.BytesIO(cell["bytes"])).load()


def test_only_the_first_hundred_are_named_but_all_are_counted(
    storage: FolderStorage, export: Export
) -> None:
    storage.put_new(f"{FOLDER}/good.png", image())
    for number in range(SKIPPED_NAMED + 7):
        storage.put_new(f"{FOLDER}/bad_{number:03d}.png", b"no picture")
    report = export("jsonl", "out.jsonl")
    assert (report.skipped_count, len(report.skipped)) == (SKIPPED_NAMED + 7, SKIPPED_NAMED)


def test_pictures_with_unusual_names_or_none_are_read(
    storage: FolderStorage, export: Export
) -> None:
    names = ("IMG_1.JFIF", "photo.mpo", "no_suffix", "scan.0001", "a.jpe", "UPPER.PNG")
    for name in names:
        storage.put_new(f"{FOLDER}/{name}", image("PNG" if name == "UPPER.PNG" else "JPEG"))
    report = export("jsonl", "out.jsonl")
    assert (report.status, report.exported_count) == ("success", len(names))
    found = {row["image_path"] for row in lines(storage, "exports/out.jsonl")}
    assert found == set(names)


def test_files_that_are_no_pictures_are_named_but_notes_about_them_are_not(
    storage: FolderStorage, export: Export
) -> None:
    storage.put_new(f"{FOLDER}/a.png", image())
    for name in ("movie.mp4", "archive.zip", "Thumbs.db"):
        storage.put_new(f"{FOLDER}/{name}", b"something else")
    for name in ("README.md", "labels.csv", "classes.txt", "instances.json"):
        storage.put_new(f"{FOLDER}/{name}", b"{}")
    report = export("jsonl", "out.jsonl")
    assert sorted(each.name for each in report.skipped) == ["Thumbs.db", "archive.zip", "movie.mp4"]


def test_a_picture_whose_name_the_service_does_not_take_is_named(
    storage: FolderStorage, export: Export, tmp_path: Path
) -> None:
    storage.put_new(f"{FOLDER}/a.png", image())
    folder = tmp_path / "root" / FOLDER
    (folder / "cats").mkdir()
    for name in ("back\\slash.png", "tab\t.png", "line\nbreak.jpg", "cats/bell\a.png"):
        (folder / name).write_bytes(image())
    (folder / os.fsdecode(b"latin-\xe9.png")).write_bytes(image())
    report = export("jsonl", "out.jsonl")
    assert (report.status, report.exported_count) == ("partial", 1)
    names = [each.name for each in report.skipped]
    assert len(names) == report.skipped_count == 5
    assert {"back\\\\slash.png", "tab\\t.png", "line\\nbreak.jpg", "cats/bell\\x07.png"} < set(
        names
    )
    assert all("name" in each.reason for each in report.skipped)


def test_hidden_files_are_nowhere_part_of_a_dataset(
    storage: FolderStorage, store: DatasetStore, export: Export
) -> None:
    for name in ("a.png", "._a.png", ".thumbnails/a.png", "cats/._b.jpg"):
        storage.put_new(f"{FOLDER}/{name}", image())
    report = export("jsonl", "out.jsonl")
    assert (report.exported_count, report.skipped_count) == (1, 0)
    assert [stat.key for stat in iter_images(storage, FOLDER)] == [f"{FOLDER}/a.png"]
    assert [record.name for record in store.iter_records(FOLDER)] == ["a.png"]


def test_lists_validation_and_exports_speak_of_the_same_pictures(
    storage: FolderStorage, store: DatasetStore
) -> None:
    for name in ("a.png", "b.jfif", "bare", "c.mpo", "notes.txt", "movie.mp4", ".d.png"):
        storage.put_new(f"{FOLDER}/{name}", b"" if name == "movie.mp4" else image("JPEG"))
    listed = [stat.key[len(FOLDER) + 1 :] for stat in iter_images(storage, FOLDER)]
    assert listed == sorted(record.name for record in store.iter_records(FOLDER))
    assert listed == ["a.png", "b.jfif", "bare", "c.mpo"]


@pytest.mark.parametrize("area", ["generated", "uploads"])
def test_an_area_itself_is_its_loose_pictures(
    storage: FolderStorage, store: DatasetStore, export: Export, area: str
) -> None:
    storage.put_new(f"{area}/loose.png", image())
    storage.put_new(f"{area}/nature/image.png", image())
    report = export("jsonl", "out.jsonl", dataset_key=area)
    assert report.exported_count == 1
    assert [stat.key for stat in iter_images(storage, area)] == [f"{area}/loose.png"]


def test_an_area_without_loose_pictures_is_not_found(
    storage: FolderStorage, export: Export
) -> None:
    storage.put_new("generated/nature/image.png", image())
    with pytest.raises(NotFound):
        export("jsonl", "out.jsonl", dataset_key="generated")


def test_a_filter_that_leaves_nothing_says_which_criterion_it_was(
    storage: FolderStorage, store: DatasetStore, export: Export
) -> None:
    keys = [f"{FOLDER}/{n}.png" for n in range(4)]
    for key in keys:
        storage.put_new(key, image())
    for key in keys[:2]:
        store.record_verdict(key, QualityReport(key, 0.005, {}, False, "test/1"))
    store.record_verdict(keys[2], QualityReport(keys[2], 0.9, {}, True, "test/1"))
    store.record_verdict(keys[2], PrivacyReport(keys[2], 0, 1, False, True, (), False, "test/1"))
    report = export("jsonl", "out.jsonl", filter=ExportFilter(True, True))
    assert (report.status, report.exported_count) == ("failed", 0)
    assert report.filtered == {"quality": 3, "privacy": 1}
    assert export("jsonl", "all.jsonl").filtered == {}


def test_an_old_export_does_not_outlive_a_filter_that_leaves_nothing(
    storage: FolderStorage, export: Export
) -> None:
    storage.put_new(f"{FOLDER}/a.png", image())
    assert export("jsonl", "out.jsonl").exported_count == 1
    export("jsonl", "out.jsonl", filter=ExportFilter(privacy_passed=True))
    assert lines(storage, "exports/out.jsonl") == []


def test_width_and_height_are_those_of_the_picture_as_it_is_shown(
    storage: FolderStorage, export: Export
) -> None:
    storage.put_new(f"{FOLDER}/turned.jpg", turned())
    storage.put_new(f"{FOLDER}/straight.jpg", image("JPEG"))
    export("jsonl", "out.jsonl")
    found = {
        r["image_path"]: (r["width"], r["height"]) for r in lines(storage, "exports/out.jsonl")
    }
    assert found == {"turned.jpg": (16, 24), "straight.jpg": (24, 16)}


def test_a_picture_is_decoded_once_and_remembered_while_it_stays(
    storage: FolderStorage, store: DatasetStore, export: Export
) -> None:
    storage.put_new(f"{FOLDER}/a.jpg", image("JPEG"))
    export("jsonl", "out.jsonl")
    (record,) = store.iter_records(FOLDER)
    assert record.facts is not None
    storage.replace(f"{FOLDER}/a.jpg", image("JPEG", 48, 32))
    (record,) = store.iter_records(FOLDER)
    assert record.facts is None
    export("jsonl", "out.jsonl")
    assert lines(storage, "exports/out.jsonl")[0]["width"] == 48

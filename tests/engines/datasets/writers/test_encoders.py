"""One file of each format, written record by record: odd moments, odd names, odd values."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tarfile
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engines.datasets.records.features import as_text
from engines.datasets.records.schema import Column, columns
from engines.datasets.writers.encoding.class_folders import ClassFolderEncoder, folder_name
from engines.datasets.writers.encoding.class_table import ClassTable
from engines.datasets.writers.encoding.coco import CocoEncoder
from engines.datasets.writers.encoding.csv_file import CsvEncoder
from engines.datasets.writers.encoding.encoders import JsonlEncoder, TarEncoder, sample_key
from engines.datasets.writers.encoding.names import needs_format, neutral_name
from engines.datasets.writers.hashed_file import HashedFile

COLUMNS = columns(include_metadata=False, include_annotations=False)
ANIMALS = ClassTable({"animal": ("cat", "fox")}, "animal")
YEARS = [1, 1969, 1979, 1980, 2026, 2107, 2108, 2243, 9999]


def record(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {column.name: None for column in COLUMNS}
    plain = {
        "id": "a",
        "file_name": "a.png",
        "format": "PNG",
        "width": 8,
        "height": 4,
        "created_at": "2026-01-01T00:00:00+00:00",
        "labels": {"animal": "fox"},
    }
    return {**known, **plain, **changes}


def of_year(year: int) -> str:
    return datetime(year, 12, 31, 23, 59, 58, tzinfo=UTC).isoformat()


def in_zip(*records: dict[str, Any]) -> zipfile.ZipFile:
    file = io.BytesIO()
    encoder = ClassFolderEncoder(HashedFile(file), ANIMALS)
    for each in records:
        encoder.add(each, b"pixels")
    encoder.finish()
    return zipfile.ZipFile(file)


def in_tar(*records: dict[str, Any], table: ClassTable | None = None) -> dict[str, bytes]:
    file = io.BytesIO()
    encoder = TarEncoder(HashedFile(file), COLUMNS, table)
    for each in records:
        encoder.add(each, b"pixels")
    encoder.finish()
    file.seek(0)
    with tarfile.open(fileobj=file) as archive:
        found = {each.name: archive.extractfile(each) for each in archive}
        return {name: content.read() for name, content in found.items() if content}


def in_csv(*records: dict[str, Any], table: tuple[Column, ...] = COLUMNS) -> list[dict[str, str]]:
    file = io.BytesIO()
    encoder = CsvEncoder(HashedFile(file), table)
    for each in records:
        encoder.add(each, None)
    encoder.finish()
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


def in_coco(*records: dict[str, Any], table: ClassTable = ANIMALS) -> dict[str, Any]:
    file = io.BytesIO()
    encoder = CocoEncoder(HashedFile(file), table)
    for each in records:
        encoder.add(each, None)
    encoder.finish()
    found: dict[str, Any] = json.loads(file.getvalue())
    return found


class TestMoments:
    @pytest.mark.parametrize("year", YEARS)
    def test_a_zip_takes_an_image_of_any_year(self, year: int) -> None:
        """ZIP knows the years 1980 to 2107; an image of another is of the nearest."""
        archive = in_zip(record(created_at=of_year(year)))
        (member,) = archive.infolist()
        assert archive.read(member) == b"pixels"
        assert member.date_time[0] == min(max(year, 1980), 2107)
        if 1980 <= year <= 2107:
            assert member.date_time == (year, 12, 31, 23, 59, 58)

    @pytest.mark.parametrize("year", YEARS)
    def test_a_tar_takes_an_image_of_any_year(self, year: int) -> None:
        assert in_tar(record(created_at=of_year(year)))["a.png"] == b"pixels"


class TestFolders:
    def test_an_image_of_a_folder_has_a_name_of_its_own(self) -> None:
        names = in_zip(*(record(id=name) for name in ("a", "b/a", "b_a", "b/c/a"))).namelist()
        assert len(set(names)) == 4
        assert all(name.startswith("fox/") and name.count("/") == 1 for name in names)

    @pytest.mark.parametrize(
        ("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("no format", ".img")]
    )
    def test_the_suffix_is_that_of_the_format(self, kind: str, suffix: str) -> None:
        (name,) = in_zip(record(format=kind, file_name="a.gif")).namelist()
        assert name.endswith(suffix)

    @pytest.mark.parametrize("port", ["COM", "LPT", "com", "Lpt"])
    def test_names_that_windows_keeps_are_written_in_another_way(self, port: str) -> None:
        for number in "123456789¹²³":
            assert folder_name(port + number).startswith("%")
        assert folder_name(f"{port}0") == f"{port}0"
        assert folder_name(f"{port}10") == f"{port}10"

    @given(st.text(min_size=1, max_size=300))
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_any_class_is_one_folder_that_a_file_system_takes(self, value: str) -> None:
        assume(value.encode(errors="ignore").decode() == value)
        name = folder_name(value)
        assert 0 < len(name.encode()) <= 200
        assert not set(name) & set('/\\:*?"<>|.\0\n')
        assert name == name.rstrip(" ")

    @given(st.lists(st.text("aA %2F/.é\u0301 ", min_size=1, max_size=5), unique=True, max_size=30))
    @settings(max_examples=40, deadline=None, derandomize=True)
    def test_different_classes_have_different_folders(self, values: list[str]) -> None:
        assert len({folder_name(value) for value in values}) == len(values)


class TestNames:
    @given(st.lists(st.text("trainvl.-_ 01dest[]*:", min_size=1, max_size=12), min_size=1))
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_a_neutral_name_is_neutral_and_stays_as_it_is(self, parts: list[str]) -> None:
        name = neutral_name("/".join(parts) + ".png", "PNG")
        assert neutral_name(name, "PNG") == name
        assert name.count("/") == len(parts) - 1
        assert not needs_format(name)

    @pytest.mark.parametrize("name", ["training.png", "a/Test/1.png", "val 2/x.png", ".x.png"])
    def test_what_readers_take_for_a_split_is_named_anew(self, name: str) -> None:
        found = neutral_name(name, None)
        assert found != name
        assert neutral_name(name, "JPEG") == found  # its own suffix is known
        assert found.endswith(".png")

    @pytest.mark.parametrize("name", ["brain.png", "contest.png", "a/valley/1.PNG", "devil.jpg"])
    def test_words_that_only_hold_such_a_word_stay(self, name: str) -> None:
        assert neutral_name(name, None) == name

    @pytest.mark.parametrize(
        ("name", "kind", "suffix"),
        [
            ("a.heic", "HEIF", ".tiff"),
            ("a.avif", "AVIF", ".tiff"),
            ("a", "JPEG", ".jpg"),
            ("a.dat", "PNG", ".png"),
            ("a.dat", None, ".tiff"),
        ],
    )
    def test_a_suffix_that_readers_do_not_know_is_replaced(
        self, name: str, kind: str | None, suffix: str
    ) -> None:
        assert needs_format(name)
        assert neutral_name(name, kind).endswith(suffix)

    def test_samples_of_a_shard_are_told_apart_by_what_is_before_the_first_dot(self) -> None:
        ids = ["a", "a.b", "a_b", "a.b.c", "a_b.c", "a/b", "a/b.c"]
        keys = [sample_key(each) for each in ids]
        assert len(set(keys)) == len(ids)
        assert not any("." in key for key in keys)
        assert keys[0] == "a"


class TestTar:
    def test_a_sample_has_its_class_and_minus_one_without(self) -> None:
        found = in_tar(record(), record(id="b", labels={}), table=ANIMALS)
        assert (found["a.cls"], found["b.cls"]) == (b"1", b"-1")

    def test_long_and_foreign_names_come_back(self) -> None:
        long = "山" * 90
        assert f"{long}.png" in in_tar(record(id=long))

    def test_its_size_is_a_whole_number_of_records(self) -> None:
        file = io.BytesIO()
        encoder = TarEncoder(HashedFile(file), COLUMNS)
        encoder.finish()
        assert len(file.getvalue()) == tarfile.RECORDSIZE


class TestCsv:
    TABLE = (Column("a", "string", ""), Column("b", "json", ""))

    @pytest.mark.parametrize(
        ("value", "cell"),
        [
            (None, ""),
            ("", ""),
            (True, "true"),
            (False, "false"),
            (0, "0"),
            (0.5, "0.5"),
            ('with "quotes", commas\r\nand lines', 'with "quotes", commas\r\nand lines'),
            ([1, None], "[1,null]"),
            ({"é": 1}, '{"é":1}'),
        ],
    )
    def test_a_value_is_one_cell(self, value: object, cell: str) -> None:
        assert in_csv({"a": value, "b": None}, table=self.TABLE) == [{"a": cell, "b": ""}]

    def test_without_records_there_is_a_header(self) -> None:
        file = io.BytesIO()
        CsvEncoder(HashedFile(file), self.TABLE).finish()
        assert file.getvalue() == b"a,b\r\n"

    def test_many_rows_are_written_in_order(self) -> None:
        rows = in_csv(*({"a": "x" * 900, "b": n} for n in range(200)), table=self.TABLE)
        assert [row["b"] for row in rows] == [str(n) for n in range(200)]


class TestCoco:
    def test_every_class_is_a_category_whether_it_occurs_or_not(self) -> None:
        found = in_coco()
        assert (found["images"], found["annotations"]) == ([], [])
        assert [each["name"] for each in found["categories"]] == ["cat", "fox"]

    @pytest.mark.parametrize("size", [(None, None), (8, None), (8, 4)])
    def test_a_label_covers_the_image_as_far_as_its_size_is_known(self, size: Any) -> None:
        found = in_coco(record(width=size[0], height=size[1]))["annotations"][0]
        assert found["area"] == (32 if None not in size else 0)

    @pytest.mark.parametrize(
        "beside",
        [
            {"annotations": [{"category_id": 3}]},
            {"categories": [{"id": "3", "name": "tail"}], "annotations": [{"category_id": "3"}]},
            {"categories": [{"id": 3, "name": 7}], "annotations": [{"category_id": 3}]},
            {"categories": "x", "annotations": {"category_id": 3}},
            [],
            None,
        ],
    )
    def test_what_is_no_annotation_of_coco_is_passed_over(self, beside: Any) -> None:
        found = in_coco(record(labels=None, annotations={"coco": beside}))
        assert found["annotations"] == []

    def test_categories_of_one_name_in_two_files_are_one(self) -> None:
        own = [
            {"categories": [{"id": n, "name": "tail"}], "annotations": [{"category_id": n}]}
            for n in (3, 9)
        ]
        found = in_coco(*(record(labels=None, annotations={"coco": each}) for each in own))
        first, second = found["annotations"]
        assert first["category_id"] == second["category_id"]
        assert (first["image_id"], second["image_id"]) == (1, 2)


class TestText:
    def test_nothing_is_null_whose_type_a_reader_guesses(self) -> None:
        """Text that is missing is empty; an object or a list is the text of its JSON."""
        table = (Column("a", "string", ""), Column("b", "json", ""), Column("c", "strings", ""))
        assert json.loads(as_text(table, {})) == {"a": "", "b": "null", "c": "null"}
        found = json.loads(as_text(table, {"a": "x", "b": {"k": 1}, "c": ["y"]}))
        assert found == {"a": "x", "b": '{"k":1}', "c": '["y"]'}

    def test_a_file_knows_its_size_and_hash(self) -> None:
        inner = io.BytesIO()
        file = HashedFile(inner)
        encoder = JsonlEncoder(file)
        for number in range(3):
            encoder.add({"n": number}, None)
        encoder.finish()
        content = inner.getvalue()
        assert content == b'{"n":0}\n{"n":1}\n{"n":2}\n'
        assert (file.size_bytes, file.tell()) == (len(content), len(content))
        assert file.sha256 == hashlib.sha256(content).hexdigest()

    def test_what_comes_after_giving_up_goes_nowhere(self) -> None:
        inner = io.BytesIO()
        file = HashedFile(inner)
        file.write(b"begun")
        file.abandon()
        assert file.write(b"the end of the format") == 21
        assert (inner.getvalue(), file.size_bytes) == (b"begun", 5)

"""JSONL: every field, the real reader, filters, splits, and the user's own folders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from engines.datasets.records.schema import COLUMNS
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import InvalidParameters, InvalidPath, NotFound
from engines.protocols import Storage
from engines.types import ExportFilter, ExportProgress, ExportRequest

MakeRequest = Callable[..., ExportRequest]
OUTPUT = "exports/nature_set.jsonl"


def rows(storage: Storage, key: str = OUTPUT) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in storage.read(key).splitlines()]


def test_every_field_is_there(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    report = exporter.export(make_request(OUTPUT))
    assert (report.exported_count, report.skipped_count) == (10, 0)
    assert report.output_key == OUTPUT
    assert report.file_size_bytes == storage.stat(OUTPUT).size_bytes
    found = rows(storage)
    assert [list(row) for row in found] == [[column.name for column in COLUMNS]] * 10
    first = found[1]
    content = storage.read(nature[1])
    assert first["id"] == "image_0001"
    assert first["file_name"] == "../generated/nature/image_0001.png"
    assert first["image_path"] == "image_0001.png"
    assert first["dataset"] == "nature"
    assert (first["format"], first["width"], first["height"]) == ("PNG", 64, 48)
    assert first["size_bytes"] == len(content)
    assert first["sha256"] == hashlib.sha256(content).hexdigest()
    assert first["prompt"] == 'sunset "1" über 山\n'
    assert first["negative_prompt"] == "blurry"
    assert first["parameters"]["seed"] == 1
    assert first["parameters"]["model_id"] == "runwayml/stable-diffusion-v1-5"
    assert first["served_model"] == "inferloop/mini"
    assert first["created_at"].endswith("Z")
    assert first["quality"]["passed"] is True
    assert first["quality"]["findings"] == {"metrics": {"sharpness": 80.0}}
    assert first["privacy"]["score"] == 100
    assert first["split"] is None
    assert found[0]["negative_prompt"] is None
    assert found[9]["quality"] is None


def test_parts_can_be_left_out(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request(OUTPUT, include_metadata=False, include_annotations=False))
    assert list(rows(storage)[0]) == [c.name for c in COLUMNS if c.part == "identity"]
    exporter.export(make_request(OUTPUT, include_metadata=False))
    assert list(rows(storage)[0])[-1] == "annotations"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ExportFilter(quality_passed=True), [0, 1, 2, 3, 4]),
        (ExportFilter(privacy_passed=True), [0, 1, 2, 4, 5]),
        (ExportFilter(quality_passed=True, privacy_passed=True), [0, 1, 2, 4]),
        (ExportFilter(min_quality_score=0.65), [0, 1, 2]),
        (ExportFilter(min_quality_score=2.0), []),
        (ExportFilter(since=datetime(2020, 1, 1, tzinfo=UTC)), list(range(10))),
        (ExportFilter(since=datetime(2100, 1, 1, tzinfo=UTC)), []),
    ],
)
def test_filters(
    exporter: DatasetExporter,
    storage: Storage,
    nature: list[str],
    make_request: MakeRequest,
    wanted: ExportFilter,
    expected: list[int],
) -> None:
    report = exporter.export(make_request(OUTPUT, filter=wanted))
    assert [row["parameters"]["seed"] for row in rows(storage)] == expected
    assert report.exported_count == len(expected)


def test_since_is_inclusive(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request(OUTPUT))
    since = datetime.fromisoformat(rows(storage)[7]["created_at"])
    exporter.export(make_request(OUTPUT, filter=ExportFilter(since=since)))
    assert [row["parameters"]["seed"] for row in rows(storage)] == [7, 8, 9]


def split_of_ids(
    exporter: DatasetExporter, storage: Storage, request: ExportRequest
) -> dict[str, str]:
    """Id to split, from the file of each split."""
    found: dict[str, str] = {}
    for split, key in exporter.export(request).split_keys.items():
        lines = [orjson.loads(line) for line in storage.read(key).splitlines()]
        assert {line["split"] for line in lines} == {split}
        found |= {line["id"]: split for line in lines}
    return found


def test_splits_hold_for_ever(
    exporter: DatasetExporter,
    storage: Storage,
    nature: list[str],
    make_request: MakeRequest,
    make_image_key: Callable[..., str],
) -> None:
    splits = {"train": 0.5, "validation": 0.25, "test": 0.25}
    before = split_of_ids(exporter, storage, make_request(OUTPUT, splits=splits))
    assert set(before.values()) <= set(splits)
    assert len(set(before.values())) > 1
    for number in range(10, 20):
        make_image_key(number)
    after = split_of_ids(exporter, storage, make_request(OUTPUT, splits=splits))
    assert {image_id: after[image_id] for image_id in before} == before
    assert before["image_0000"] == "test"  # pinned: it must never change


@pytest.mark.parametrize(
    "splits", [{}, {"train": 0.5}, {"train": 1.5, "test": -0.5}, {"": 1.0}, {"a": float("nan")}]
)
def test_splits_that_make_no_sense(
    exporter: DatasetExporter,
    nature: list[str],
    make_request: MakeRequest,
    splits: dict[str, float],
) -> None:
    with pytest.raises(InvalidParameters):
        exporter.export(make_request(OUTPUT, splits=splits))


def test_a_users_own_folder(
    exporter: DatasetExporter, storage: Storage, pets: str, make_request: MakeRequest
) -> None:
    report = exporter.export(make_request(OUTPUT, dataset_key=pets))
    assert report.exported_count == 3
    cat, dog, webp = rows(storage)
    assert [row["id"] for row in (cat, dog, webp)] == ["cats/1", "dogs/1", "dogs/2"]
    assert (cat["format"], cat["width"], cat["height"]) == ("JPEG", 40, 30)
    assert (dog["format"], dog["width"], dog["height"]) == ("PNG", 20, 10)
    assert (webp["format"], webp["width"], webp["height"]) == ("WEBP", 16, 16)
    assert cat["metadata"] == {"label": "cat", "age": 3}
    assert cat["prompt"] is None
    assert cat["annotations"] == {
        "coco": {"annotations": [{"bbox": [1, 2, 3, 4]}]},
        "yolo": "0 0.5 0.5 1 1\n",
        "voc": "<annotation/>",
    }
    assert dog["annotations"] is None
    assert cat["sha256"] == hashlib.sha256(storage.read(f"{pets}/cats/1.jpg")).hexdigest()


def test_files_that_are_no_images_are_told(
    exporter: DatasetExporter, storage: Storage, pets: str, make_request: MakeRequest
) -> None:
    storage.put_new(f"{pets}/broken.png", b"\x89PNG\r\n\x1a\n garbage")
    storage.put_new(f"{pets}/text.jpg", b"hello")
    storage.put_new(f"{pets}/broken.coco.json", b"{")
    report = exporter.export(make_request(OUTPUT, dataset_key=pets))
    assert (report.exported_count, report.skipped_count) == (3, 2)
    assert [skipped.name for skipped in report.skipped] == ["broken.png", "text.jpg"]
    assert all("not a supported image" in failure.reason for failure in report.skipped)


def test_absent_datasets_and_targets_elsewhere(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    with pytest.raises(NotFound):
        exporter.export(make_request(OUTPUT, dataset_key="generated/absent"))
    for target in ("generated/x.jsonl", "exports", "exports/../x", "exports/.locks/x", "/x"):
        with pytest.raises(InvalidPath):
            exporter.export(make_request(target))
    assert list(storage.list("exports")) == []


@pytest.mark.parametrize(
    "wanted", [ExportFilter(), ExportFilter(quality_passed=True), ExportFilter(min_quality_score=1)]
)
def test_progress_goes_from_the_first_image_to_the_total(
    exporter: DatasetExporter,
    nature: list[str],
    make_request: MakeRequest,
    wanted: ExportFilter,
) -> None:
    heard: list[ExportProgress] = []
    exporter.export(make_request(OUTPUT, filter=wanted), heard.append)
    assert heard == [ExportProgress(1, 10), ExportProgress(10, 10)]


def load_json(path: Path, cache: Path, **options: Any) -> Any:
    from datasets import load_dataset

    return load_dataset(
        "json", data_files=str(path), split="train", cache_dir=str(cache), **options
    )


def test_hugging_face_reads_it(
    exporter: DatasetExporter,
    nature: list[str],
    root: Path,
    tmp_path: Path,
    make_request: MakeRequest,
) -> None:
    exporter.export(make_request(OUTPUT))
    loaded = load_json(root / OUTPUT, tmp_path / "cache")
    assert loaded.num_rows == 10
    assert loaded[1]["prompt"] == 'sunset "1" über 山\n'
    assert loaded[0]["parameters"]["seed"] == 0
    assert loaded[0]["quality"]["passed"] is True


def test_hugging_face_reads_it_in_pieces_with_the_features_beside(
    exporter: DatasetExporter,
    nature: list[str],
    root: Path,
    tmp_path: Path,
    make_request: MakeRequest,
) -> None:
    """Verdicts only in the first rows: a reader that guesses types from a piece would fail."""
    from datasets import Features

    exporter.export(make_request(OUTPUT))
    features = Features.from_dict(json.loads((root / f"{OUTPUT}.features.json").read_text()))
    loaded = load_json(root / OUTPUT, tmp_path / "cache", features=features, chunksize=2000)
    assert loaded.num_rows == 10
    assert [row["quality"] is None for row in loaded] == [False] * 6 + [True] * 4
    assert loaded[0]["quality"]["findings"] == {"metrics": {"sharpness": 80.0}}


def test_an_image_deleted_and_one_damaged_are_told(
    exporter: DatasetExporter,
    storage: Storage,
    store: DatasetStore,
    nature: list[str],
    make_request: MakeRequest,
) -> None:
    content = bytearray(storage.read(nature[0]))
    content[-40] ^= 1
    storage.replace(nature[0], bytes(content))
    storage.delete(nature[1])
    report = exporter.export(make_request("exports/x.parquet", format="parquet"))
    assert (report.exported_count, report.skipped_count) == (8, 1)
    assert "damaged" in report.skipped[0].reason


def test_since_compares_moments_not_clocks(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request(OUTPUT))
    moment = datetime.fromisoformat(rows(storage)[7]["created_at"])
    shifted = moment.astimezone(tz=__import__("zoneinfo").ZoneInfo("Asia/Tokyo"))
    exporter.export(make_request(OUTPUT, filter=ExportFilter(since=shifted)))
    assert len(rows(storage)) == 3
    exporter.export(make_request(OUTPUT, filter=ExportFilter(since=moment + timedelta(days=1))))
    assert rows(storage) == []

"""A copy of an S3 export through its readers, for folders that are called like splits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from engines.datasets.s3.exporter import S3Exporter
from engines.datasets.store.store import DatasetStore
from engines.protocols import Storage
from engines.storage.s3.client import S3Client
from engines.types import ExportFilter, QualityReport, S3ExportRequest
from tests.engines.datasets.conftest import encoded

MakeS3Request = Callable[..., S3ExportRequest]
FOLDER = "uploads/splits"
NAMES = {
    "train/cats/1.png": "PNG",
    "test/cats/1.jpg": "JPEG",
    "val/2.webp": "WEBP",
    "test-1.png": "PNG",
    "photo.mpo": "JPEG",
    "bare": "PNG",
    "__raw/x.png": "PNG",
    "plain/ü 山+1.png": "PNG",
    "plain/a.jpg": "JPEG",
    "plain/a.png": "PNG",
}


@pytest.fixture
def splits(storage: Storage, store: DatasetStore) -> str:
    for name, format_ in NAMES.items():
        storage.put_new(f"{FOLDER}/{name}", encoded(format_))
    storage.put_new(f"{FOLDER}/plain/a.jpg.json", b'{"label": 3}')
    storage.put_new(f"{FOLDER}/test-1.json", b'{"label": "one"}')
    for name in ("plain/a.jpg", "plain/a.png"):
        key = f"{FOLDER}/{name}"
        store.record_verdict(key, QualityReport(key, 0.5, {"noise": 1.0}, True, "test/1"))
    return FOLDER


@pytest.fixture
def copied(s3: S3Client, bucket: str, tmp_path: Path) -> Callable[[], Path]:
    """The bucket's objects as files."""

    def copy() -> Path:
        folder = tmp_path / "copy"
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            target = folder / item["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, item["Key"], str(target))
        return folder

    return copy


def test_the_card_and_imagefolder_both_give_every_row_and_column(
    s3_exporter: S3Exporter,
    make_s3_request: MakeS3Request,
    splits: str,
    copied: Callable[[], Path],
    tmp_path: Path,
) -> None:
    from datasets import load_dataset

    report = s3_exporter.export(make_s3_request(dataset_key=splits, s3_prefix=""))
    assert (report.status, report.uploaded_count) == ("success", len(NAMES))
    folder = copied()
    records = [orjson.loads(line) for line in (folder / "metadata.jsonl").read_bytes().splitlines()]
    assert {record["image_path"] for record in records} == set(NAMES)
    columns = {"image"} | set(records[0]) - {"file_name"}
    for number, loaded in enumerate(
        (
            load_dataset(str(folder), cache_dir=str(tmp_path / "c1")),
            load_dataset("imagefolder", data_dir=str(folder), cache_dir=str(tmp_path / "c2")),
        )
    ):
        assert list(loaded) == ["train"], number
        rows = list(loaded["train"])
        assert {row["image_path"] for row in rows} == set(NAMES)
        assert set(rows[0]) == columns
        assert all(row["image"].size == (row["width"], row["height"]) for row in rows)


def test_images_without_metadata_are_whole_too(
    s3_exporter: S3Exporter,
    make_s3_request: MakeS3Request,
    splits: str,
    copied: Callable[[], Path],
    tmp_path: Path,
) -> None:
    from datasets import load_dataset

    wanted = make_s3_request(dataset_key=splits, s3_prefix="", include_metadata=False)
    s3_exporter.export(wanted)
    loaded = load_dataset(str(copied()), cache_dir=str(tmp_path / "c"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": len(NAMES)}


def test_sidecars_follow_the_name_of_their_image(
    s3_exporter: S3Exporter,
    make_s3_request: MakeS3Request,
    splits: str,
    copied: Callable[[], Path],
) -> None:
    s3_exporter.export(make_s3_request(dataset_key=splits, s3_prefix=""))
    folder = copied()
    for line in (folder / "metadata.jsonl").read_bytes().splitlines():
        record = orjson.loads(line)
        image = folder / record["file_name"]
        assert image.is_file()
        if record["image_path"] == "test-1.png":
            assert image.with_suffix(".json").read_bytes() == b'{"label": "one"}'
        if record["image_path"] == "plain/a.jpg":
            assert (folder / f"{record['file_name']}.json").is_file()
            assert (folder / f"{record['file_name']}.quality.json").is_file()


def test_a_second_run_knows_the_same_names_and_a_filter_says_what_it_left_out(
    s3_exporter: S3Exporter, make_s3_request: MakeS3Request, splits: str, storage: Storage
) -> None:
    wanted = make_s3_request(dataset_key=splits)
    s3_exporter.export(wanted)
    assert s3_exporter.export(wanted).skipped_count == len(NAMES)
    storage.put_new(f"{splits}/movie.mp4", b"no image")
    good = make_s3_request(dataset_key=splits, filter=ExportFilter(quality_passed=True))
    report = s3_exporter.export(good)
    assert (report.status, report.uploaded_count) == ("partial", 2)
    assert report.filtered == {"quality": len(NAMES) - 2}
    assert [failure.key for failure in report.failures] == [f"{splits}/movie.mp4"]

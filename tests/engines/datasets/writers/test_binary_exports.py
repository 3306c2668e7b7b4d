"""Parquet and WebDataset, read by the libraries that they are made for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from PIL import Image

from engines.datasets.cards.files import files_of_card
from engines.datasets.export_config import ExportConfig
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.encoding.encoders import sample_key
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import InvalidPath
from engines.protocols import Storage
from engines.types import ExportRequest

MakeRequest = Callable[..., ExportRequest]
PARQUET = "exports/nature.parquet"
FOLDER = "exports/nature_wds"


def pixels(number: int) -> Any:
    return np.random.default_rng(number).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_parquet_is_an_image_dataset(
    exporter: DatasetExporter,
    nature: list[str],
    root: Path,
    tmp_path: Path,
    make_request: MakeRequest,
) -> None:
    from datasets import load_dataset

    report = exporter.export(make_request(PARQUET, format="parquet"))
    assert report.exported_count == 10
    assert report.file_size_bytes == (root / PARQUET).stat().st_size
    loaded = load_dataset(
        "parquet", data_files=str(root / PARQUET), split="train", cache_dir=str(tmp_path / "c")
    )
    assert loaded.num_rows == 10
    assert np.array_equal(np.asarray(loaded[3]["image"]), pixels(3))
    assert loaded[3]["prompt"] == 'sunset "3" über 山\n'
    assert loaded[3]["parameters"]["seed"] == 3
    assert orjson.loads(loaded[3]["quality"]["findings"]) == {"metrics": {"sharpness": 80.0}}
    assert loaded[9]["quality"] is None or loaded[9]["quality"]["passed"] is None
    assert loaded[0]["notes"] == ["stand-in"]


def test_parquet_rows_come_in_groups(
    storage: Storage, store: DatasetStore, nature: list[str], root: Path, make_request: MakeRequest
) -> None:
    for config, expected in (
        (ExportConfig(row_group_rows=4), [4, 4, 2]),
        (ExportConfig(row_group_bytes=25_000), [3, 3, 3, 1]),
    ):
        exporter = DatasetExporter(storage, store, config)
        exporter.export(make_request(PARQUET, format="parquet"))
        file = pq.ParquetFile(root / PARQUET)
        groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        assert groups == expected


def test_an_empty_selection_is_a_valid_parquet(
    exporter: DatasetExporter, nature: list[str], root: Path, make_request: MakeRequest
) -> None:
    from engines.types import ExportFilter

    nothing = ExportFilter(min_quality_score=2.0)
    report = exporter.export(make_request(PARQUET, format="parquet", filter=nothing))
    assert report.exported_count == 0
    assert pq.read_table(root / PARQUET).num_rows == 0


def test_webdataset_reads_the_shards(
    exporter: DatasetExporter,
    storage: Storage,
    nature: list[str],
    root: Path,
    make_request: MakeRequest,
) -> None:
    import webdataset

    report = exporter.export(make_request(FOLDER, format="webdataset"))
    manifest = orjson.loads(storage.read(f"{FOLDER}/manifest.json"))
    paths = [str(root / FOLDER / shard["name"]) for shard in manifest["shards"]]
    assert report.exported_count == 10
    assert report.file_size_bytes == sum(Path(path).stat().st_size for path in paths)
    samples = list(webdataset.WebDataset(paths, shardshuffle=False).decode("rgb8"))
    assert [sample["__key__"] for sample in samples] == [f"image_{n:04d}" for n in range(10)]
    assert np.array_equal(samples[4]["png"], pixels(4))
    assert orjson.loads(samples[4]["json"]["parameters"])["seed"] == 4
    for shard, path in zip(manifest["shards"], paths, strict=True):
        assert shard["sha256"] == hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_hugging_face_reads_the_folder_by_its_card(
    exporter: DatasetExporter,
    nature: list[str],
    root: Path,
    tmp_path: Path,
    make_request: MakeRequest,
) -> None:
    from datasets import load_dataset

    splits = {"train": 0.5, "test": 0.5}
    exporter.export(make_request(FOLDER, format="webdataset", splits=splits))
    loaded = load_dataset(str(root / FOLDER), cache_dir=str(tmp_path / "c"))
    assert sorted(loaded) == ["test", "train"]
    assert sum(part.num_rows for part in loaded.values()) == 10
    row = loaded["train"][0]
    assert row["json"]["split"] == "train"
    seed = orjson.loads(row["json"]["parameters"])["seed"]
    assert np.array_equal(np.asarray(row["png"]), pixels(seed))
    assert row["txt"] == row["json"]["prompt"]


def test_shards_roll_and_an_older_run_goes(
    storage: Storage, store: DatasetStore, nature: list[str], make_request: MakeRequest
) -> None:
    exporter = DatasetExporter(storage, store, ExportConfig(shard_bytes=30_000))
    for _ in range(2):
        exporter.export(make_request(FOLDER, format="webdataset"))
        manifest = orjson.loads(storage.read(f"{FOLDER}/manifest.json"))
        named = sorted(f"{FOLDER}/{shard['name']}" for shard in manifest["shards"])
        assert len(named) > 1
        assert sum(shard["count"] for shard in manifest["shards"]) == 10
        tars = [s.key for s in storage.list(FOLDER) if s.key.endswith(".tar")]
        assert tars == named


def test_a_folder_with_class_folders_keeps_them(
    exporter: DatasetExporter, storage: Storage, pets: str, root: Path, make_request: MakeRequest
) -> None:
    import webdataset

    exporter.export(make_request(FOLDER, format="webdataset", dataset_key=pets))
    manifest = orjson.loads(storage.read(f"{FOLDER}/manifest.json"))
    paths = [str(root / FOLDER / shard["name"]) for shard in manifest["shards"]]
    samples = list(webdataset.WebDataset(paths, shardshuffle=False))
    assert [sample["__key__"] for sample in samples] == ["cats/1", "dogs/1", "dogs/2"]
    assert Image.open(io.BytesIO(samples[0]["png"])).size == (40, 30)


@pytest.mark.parametrize("image_id", ["a", "cats/1"])
def test_ids_without_dots_are_keys(image_id: str) -> None:
    assert sample_key(image_id) == image_id


def test_ids_with_dots_become_keys_of_their_own() -> None:
    keys = {sample_key(name) for name in ("a.b", "a_b", "a.b.c", "a_b.c")}
    assert len(keys) == 4
    assert not any("." in key for key in keys)


@pytest.mark.parametrize(
    ("format_", "name", "named"),
    [
        ("jsonl", "a.csv", "csv"),
        ("jsonl", "a.PARQUET", "parquet"),
        ("jsonl", "a.zip", "imagefolder"),
        ("parquet", "a.jsonl", "jsonl"),
        ("csv", "a.json", "jsonl or coco"),
        ("coco", "a.jsonl", "jsonl"),
        ("webdataset", "a.csv", "csv"),
        ("parquet", "a.tar", "webdataset"),
    ],
)
def test_a_name_that_promises_another_format_is_refused(
    exporter: DatasetExporter,
    nature: list[str],
    storage: Storage,
    make_request: MakeRequest,
    format_: str,
    name: str,
    named: str,
) -> None:
    with pytest.raises(InvalidPath) as refused:
        exporter.export(make_request(f"exports/{name}", format=format_))
    (fault,) = refused.value.faults
    assert fault.parameter == ("output_dir" if format_ == "webdataset" else "output_file")
    suffix = "." + name.rpartition(".")[2].lower()
    assert fault.reason == f"must not end in {suffix} ({named}): the export is {format_}"
    assert list(storage.list("exports")) == []


@pytest.mark.parametrize(
    ("format_", "name"),
    [("jsonl", "a.json"), ("jsonl", "a.ndjson"), ("csv", "a"), ("csv", "a.txt"), ("csv", "v1.2")],
)
def test_other_names_are_for_any_format(
    exporter: DatasetExporter,
    nature: list[str],
    make_request: MakeRequest,
    format_: str,
    name: str,
) -> None:
    assert exporter.export(make_request(f"exports/{name}", format=format_)).exported_count == 10


def test_the_files_of_splits_are_found_from_the_target(
    exporter: DatasetExporter, nature: list[str], storage: Storage, make_request: MakeRequest
) -> None:
    splits = {"train": 0.5, "test": 0.5}
    report = exporter.export(make_request(PARQUET, format="parquet", splits=splits))
    assert sorted(files_of_card(storage, PARQUET)) == sorted(report.split_keys.values())

"""Exports through the readers that people use, with and without the card: every row, every
column, every picture, whatever the folder looked like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
import webdataset
from PIL import Image

from engines.datasets.records.schema import COLUMNS
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.storage.folder.storage import FolderStorage
from engines.types import GeneratedImage, GenerationRequest, PrivacyReport, QualityReport
from tests.strangers.conftest import FOLDER, Export, image, turned

FOREIGN = {
    "a.jpg": image("JPEG"),
    "dev set/b.webp": image("WEBP", 30, 20),
    "test-1.png": image("PNG", 10, 12),
    "test/c.gif": image("GIF"),
    "train/d.jfif": turned(),
    "val/e.mpo": image("JPEG"),
    "without_suffix": image("BMP"),
    "x.y[1].tif": image("TIFF"),
    "x/plain.JPG": image("JPEG"),
}
METADATA: list[object] = [{"label": 3}, {"label": "cat", "more": [1, "a"]}, {"label": {"a": 1}}]
COUNT = len(FOREIGN) + 1
NAMES = [column.name for column in COLUMNS]


@pytest.fixture(autouse=True)
def found(storage: FolderStorage, store: DatasetStore) -> None:
    """Pictures of others first, the judged one, with a prompt and a verdict, last."""
    for number, (name, content) in enumerate(FOREIGN.items()):
        storage.put_new(f"{FOLDER}/{name}", content)
        if number % 2:
            sidecar = orjson.dumps(METADATA[number % 3])
            storage.put_new(f"{FOLDER}/{name}.json", sidecar)
    request = GenerationRequest("z", "a fox", "m", 16, 16, 1, 1.0, 7, dataset="made")
    pixels = np.zeros((16, 16, 3), np.uint8)
    made = GeneratedImage(pixels, "m", "rev", "DDIM", {"policy": "off"}, ("stand-in",))
    key = ImageRecorder(store, {}).record(request, made).key
    for suffix in (".png", ".json"):
        content = storage.read(key.removesuffix(".png") + suffix)
        storage.put_new(f"{FOLDER}/z{suffix}", content)
    mine = f"{FOLDER}/z.png"
    store.record_verdict(mine, QualityReport(mine, 0.9, {"sharpness": 3.5}, True, "test/1"))
    store.record_verdict(mine, PrivacyReport(mine, 100, 0, False, False, (), True, "test/1"))
    storage.put_new(f"{FOLDER}/z.txt", b"0 .5 .5 1 1\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root" / "exports"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """`datasets.load_dataset` with a cache of its own."""

    def run(*args: Any, **kwargs: Any) -> Any:
        cache = tmp_path / f"cache{len(list(tmp_path.iterdir()))}"
        cache.mkdir()
        return datasets.load_dataset(*args, cache_dir=str(cache), **kwargs)

    return run


def sizes() -> dict[str, tuple[int, int]]:
    """Path to size as it is shown."""
    shown = {"dev set/b.webp": (30, 20), "test-1.png": (10, 12), "train/d.jfif": (16, 24)}
    return dict.fromkeys(FOREIGN, (24, 16)) | shown | {"z.png": (16, 16)}


def check(records: list[Any], pictures: list[Any] | None = None) -> None:
    """All of them, with the last one's prompt and verdict."""
    assert {row["image_path"]: (row["width"], row["height"]) for row in records} == sizes()
    (made,) = [row for row in records if row["image_path"] == "z.png"]
    assert made["prompt"] == "a fox"
    quality = made["quality"]
    assert (json.loads(quality) if isinstance(quality, str) else quality)["score"] == 0.9
    if pictures is not None:
        shown = [picture.size for picture in pictures]
        assert shown == [(row["width"], row["height"]) for row in records]


def test_parquet(export: Export, root: Path, load: Any) -> None:
    assert export("parquet", "mine/set.parquet").status == "success"
    for loaded in (
        load("parquet", data_files=str(root / "mine/set.parquet")),
        load(str(root / "mine")),
    ):
        assert list(loaded) == ["train"]
        assert loaded["train"].column_names == ["image", *NAMES]
        rows = list(loaded["train"])
        check(rows, [row["image"] for row in rows])
    assert pq.read_table(root / "mine/set.parquet").num_rows == COUNT


def test_jsonl(export: Export, root: Path, load: Any) -> None:
    export("jsonl", "mine/set.jsonl")
    for loaded in (
        load("json", data_files=str(root / "mine/set.jsonl")),
        load(str(root / "mine")),
    ):
        assert loaded["train"].column_names == NAMES
        check(list(loaded["train"]))
        for row in loaded["train"]:
            with Image.open(root / "mine" / row["file_name"]) as image:
                image.load()


def test_webdataset(export: Export, root: Path, load: Any) -> None:
    export("webdataset", "set")
    tars = [str(path) for path in sorted((root / "set").rglob("*.tar"))]
    for loaded in (load("webdataset", data_files=tars), load(str(root / "set"))):
        rows = list(loaded["train"])
        check([row["json"] for row in rows], [row["png"] for row in rows])
        assert sorted(rows[0]["json"]) == sorted(NAMES)
        assert rows[-1]["txt"] == "a fox"
    samples = list(webdataset.WebDataset(tars, shardshuffle=False).decode("pil"))
    records = [sample["json"] for sample in samples]
    assert len(records) == COUNT
    assert all(sample["png"].mode == "RGB" for sample in samples)
    assert json.loads(records[-1]["notes"]) == ["stand-in"]


@pytest.mark.parametrize("format_", ["jsonl", "parquet", "webdataset"])
def test_our_own_splits_are_the_readers_splits(
    export: Export, root: Path, load: Any, format_: str
) -> None:
    splits = {"train": 0.5, "hold-out": 0.3, "test": 0.2}
    target = "mine" if format_ == "webdataset" else f"mine/set.{format_}"
    report = export(format_, target, splits=splits)
    loaded = load(str(root / "mine"))
    assert set(loaded) == {"train", "hold_out", "test"}
    assert sum(split.num_rows for split in loaded.values()) == report.exported_count == COUNT
    for name, rows in loaded.items():
        records = rows["json"] if format_ == "webdataset" else rows
        assert {row["split"] for row in records} == {name.replace("_", "-")}


def test_two_usual_splits_are_told_without_a_card_too(
    export: Export, root: Path, load: Any
) -> None:
    report = export("parquet", "mine/set.parquet", splits={"train": 0.5, "test": 0.5})
    assert list(report.split_keys) == ["test", "train"]
    loaded = load("parquet", data_dir=str(root / "mine"))
    assert set(loaded) == {"train", "test"}
    assert sum(split.num_rows for split in loaded.values()) == COUNT


def test_files_of_splits_that_are_no_more_are_gone(export: Export, root: Path) -> None:
    export("jsonl", "mine/set.jsonl")
    export("jsonl", "mine/set.jsonl", splits={"train": 0.5, "test": 0.5})
    names = sorted(path.name for path in (root / "mine").glob("*.jsonl"))
    assert names == ["set-test.jsonl", "set-train.jsonl"]
    export("jsonl", "mine/set.jsonl")
    assert [path.name for path in (root / "mine").glob("*.jsonl")] == ["set.jsonl"]


@pytest.mark.parametrize("name", ["set [1].parquet", "test.parquet", "what*.parquet"])
def test_the_exports_own_name_is_only_a_name(
    export: Export, root: Path, load: Any, name: str
) -> None:
    export("parquet", f"mine/{name}")
    loaded = load(str(root / "mine"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": COUNT}

"""Every format through its real reader, offline: with filters, with splits, with its card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from engines.datasets.selection import splitter
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.protocols import Storage
from engines.types import ExportFilter, ExportRequest
from tests.engines.datasets.conftest import NATURE

MakeRequest = Callable[..., ExportRequest]
Rows = list[tuple[str, str | None, int]]
"""(id, split, width of the decoded image or of the record)."""
SPLITS = {"train": 0.6, "test": 0.4}
FILTERS = {
    "all": ExportFilter(),
    "quality": ExportFilter(quality_passed=True),
    "both": ExportFilter(quality_passed=True, privacy_passed=True),
    "score": ExportFilter(min_quality_score=0.65),
    "since": ExportFilter(since=datetime.fromisoformat("2025-12-02T00:00:07+00:00")),
}
OUTPUTS = {
    "jsonl": ("exports/n.jsonl", "exports/n.jsonl.README.md"),
    "parquet": ("exports/n.parquet", "exports/n.parquet.README.md"),
    "webdataset": ("exports/n", "exports/n/README.md"),
}


def by_json(root: Path, cache: str) -> Iterator[dict[str, Any]]:
    from datasets import Features, load_dataset

    features = Features.from_dict(orjson.loads((root / "n.jsonl.features.json").read_bytes()))
    for file in sorted(root.glob("n-*.jsonl")):
        yield from load_dataset(
            "json", data_files=str(file), split="train", features=features, cache_dir=cache
        )


def by_parquet(root: Path, cache: str) -> Iterator[dict[str, Any]]:
    from datasets import load_dataset

    for file in sorted(root.glob("n-*.parquet")):
        for row in load_dataset("parquet", data_files=str(file), split="train", cache_dir=cache):
            assert row["image"].size == (row["width"], row["height"])
            yield row


def by_webdataset(root: Path, cache: str) -> Iterator[dict[str, Any]]:
    import webdataset

    manifest = orjson.loads((root / "n" / "manifest.json").read_bytes())
    shards = [str(root / "n" / shard["name"]) for shard in manifest["shards"]]
    if not shards:
        return
    for sample in webdataset.WebDataset(shards, shardshuffle=False).decode("pil"):
        row: dict[str, Any] = sample["json"]
        assert sample["png"].size == (row["width"], row["height"])
        yield row


READERS: dict[str, Callable[[Path, str], Iterator[dict[str, Any]]]] = {
    "jsonl": by_json,
    "parquet": by_parquet,
    "webdataset": by_webdataset,
}


def expected(store: DatasetStore, filter_: str) -> dict[str, str | None]:
    """Id to split, from the records themselves."""
    split_of = splitter(SPLITS)
    wanted: dict[str, Callable[[Any], bool]] = {
        "all": lambda r: True,
        "quality": lambda r: r.quality is not None and r.quality.passed,
        "both": lambda r: r.quality is not None and r.quality.passed and r.privacy.passed,
        "score": lambda r: r.quality is not None and r.quality.score >= 0.65,
        "since": lambda r: r.recipe.created_at >= FILTERS["since"].since,
    }
    return {
        record.image_id: split_of(record.image_id)
        for record in store.iter_records(NATURE)
        if wanted[filter_](record)
    }


@pytest.mark.parametrize("filter_", list(FILTERS))
@pytest.mark.parametrize("format_", list(READERS))
def test_what_the_filter_takes_is_what_the_reader_sees(
    exporter: DatasetExporter,
    storage: Storage,
    store: DatasetStore,
    root: Path,
    tmp_path: Path,
    nature: list[str],
    make_request: MakeRequest,
    format_: str,
    filter_: str,
) -> None:
    output, card = OUTPUTS[format_]
    request = make_request(output, format=format_, filter=FILTERS[filter_], splits=SPLITS)
    report = exporter.export(request)
    there = expected(store, filter_)
    assert 0 < len(there) <= 10
    rows = list(READERS[format_](root / "exports", str(tmp_path / "cache")))
    assert {row["id"]: row["split"] for row in rows} == there
    assert report.exported_count == len(rows) == len(there)
    assert all(row["prompt"].startswith("sunset") for row in rows)
    text = storage.read(card).decode()
    assert f"{len(rows)} images" in text
    for split in set(there.values()):
        assert f"- {split}: {list(there.values()).count(split)}" in text
    front = yaml.safe_load(text.split("---")[1])
    assert front["configs"][0]["config_name"] == "default"


def test_the_card_alone_tells_datasets_how_to_load_the_folder(
    exporter: DatasetExporter,
    root: Path,
    tmp_path: Path,
    nature: list[str],
    make_request: MakeRequest,
) -> None:
    """As on the Hugging Face hub: a folder with a README whose front matter names the files."""
    from datasets import load_dataset

    exporter.export(make_request("exports/hub/n.parquet", format="parquet"))
    hub = root / "exports" / "hub"
    (hub / "n.parquet.README.md").rename(hub / "README.md")
    loaded = load_dataset(str(hub), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].num_rows == 10
    assert loaded["train"][4]["image"].size == (64, 48)

"""What people said of an image goes with it, in every format that has a place for it."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from engines.datasets.sidecars.reviews import review_images
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.types import ExportRequest
from engines.types.datasets.looking import ReviewChange

MakeRequest = Callable[..., ExportRequest]
GOOD = {"decision": "accepted", "rating": 4, "tags": ["clear sky", "\u5c71"]}
TAGGED = {"decision": None, "rating": None, "tags": ["odd"]}


@pytest.fixture
def reviewed(store: DatasetStore, nature: list[str]) -> DatasetStore:
    change = ReviewChange(rating=4, add_tags=("\u5c71", "clear sky"), decision="accepted")
    review_images(store, nature[:1], change, "mara")
    review_images(store, nature[1:2], ReviewChange(add_tags=("odd",)), "mara")
    return store


def said(review: Any) -> Any:
    """Without the moment, which every review has."""
    if review is None:
        return None
    assert review["reviewed_at"].startswith("2026-01-01T00:00:")
    return {name: value for name, value in review.items() if name != "reviewed_at"}


def jsonl(root: Path) -> list[Any]:
    lines = (root / "exports/n.jsonl").read_bytes().splitlines()
    return [orjson.loads(line)["review"] for line in lines]


def parquet(root: Path) -> list[Any]:
    return pq.read_table(root / "exports/n.parquet")["review"].to_pylist()


def webdataset(root: Path) -> list[Any]:
    found = []
    for shard in sorted((root / "exports/n").rglob("*.tar")):
        with tarfile.open(shard) as tar:
            for member in sorted(tar.getnames()):
                if member.endswith(".json"):
                    content = tar.extractfile(member)
                    assert content is not None
                    found.append(orjson.loads(orjson.loads(content.read())["review"]))
    return found


def coco(root: Path) -> list[Any]:
    found = orjson.loads((root / "exports/n.json").read_bytes())
    return [image.get("review") for image in found["images"]]


@pytest.mark.parametrize(
    ("format_", "output", "read"),
    [
        ("jsonl", "exports/n.jsonl", jsonl),
        ("parquet", "exports/n.parquet", parquet),
        ("webdataset", "exports/n", webdataset),
        ("coco", "exports/n.json", coco),
    ],
)
def test_a_review_is_in_the_export(
    exporter: DatasetExporter,
    reviewed: DatasetStore,
    root: Path,
    make_request: MakeRequest,
    format_: str,
    output: str,
    read: Callable[[Path], list[Any]],
) -> None:
    exporter.export(make_request(output, format=format_))
    found = read(root)
    assert [said(review) for review in found] == [GOOD, TAGGED, *[None] * 8]
    everything = b"".join(
        file.read_bytes() for file in root.rglob("exports/**/*") if file.is_file()
    )
    assert b"mara" not in everything  # who it was stays in the house


def test_a_table_has_a_column_for_each_part_of_a_review(
    exporter: DatasetExporter, reviewed: DatasetStore, root: Path, make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/n.csv", format="csv"))
    text = (root / "exports/n.csv").read_text(encoding="utf-8")
    first, second, third, *_ = csv.DictReader(io.StringIO(text, newline=""))
    parts = ("review.decision", "review.rating", "review.tags")
    assert [first[part] for part in parts] == ["accepted", "4", '["clear sky","\u5c71"]']
    assert [second[part] for part in parts] == ["", "", '["odd"]']
    assert [third[part] for part in parts] == ["", "", ""]


def test_hugging_face_reads_it_with_its_types(
    exporter: DatasetExporter,
    reviewed: DatasetStore,
    root: Path,
    tmp_path: Path,
    make_request: MakeRequest,
) -> None:
    from datasets import load_dataset

    exporter.export(make_request("exports/n.parquet", format="parquet"))
    rows = load_dataset(
        "parquet",
        data_files=str(root / "exports/n.parquet"),
        split="train",
        cache_dir=str(tmp_path),
    )
    accepted = rows.filter(lambda row: row["review"] and row["review"]["decision"] == "accepted")
    assert accepted["id"] == ["image_0000"]


def test_it_is_left_out_with_the_rest_of_the_metadata(
    exporter: DatasetExporter, reviewed: DatasetStore, root: Path, make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/n.jsonl", include_metadata=False))
    assert b"review" not in (root / "exports/n.jsonl").read_bytes()

"""Cards: front matter that parses, Croissant that agrees with the file, fields that exist."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
import yaml
from huggingface_hub import DatasetCard

from engines.datasets.cards.card import size_category
from engines.datasets.records.schema import COLUMNS, columns, leaves
from engines.datasets.writers.exporter import DatasetExporter
from engines.protocols import Storage
from engines.types import ExportRequest

MakeRequest = Callable[..., ExportRequest]
DOCS = Path(__file__).resolve().parents[4] / "docs" / "dataset_format.md"


def test_the_readme_has_front_matter_and_counts(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/n.parquet", format="parquet", splits={"train": 1.0}))
    text = storage.read("exports/n.parquet.README.md").decode()
    front = yaml.safe_load(text.split("---")[1])
    assert front["size_categories"] == ["n<1K"]
    assert front["configs"] == [
        {
            "config_name": "default",
            "data_files": [{"split": "train", "path": ["n-train.parquet"]}],
        }
    ]
    assert "10 images" in text
    assert "- quality_passed: 5" in text
    assert "- inferloop/mini: 10" in text
    assert "- train: 10" in text
    assert "`quality.score`" in text


def test_the_hubs_own_class_reads_the_card(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/n.parquet", format="parquet"))
    card = DatasetCard(storage.read("exports/n.parquet.README.md").decode()).data.to_dict()
    assert card["pretty_name"] == "n.parquet"
    assert card["tags"] == ["synthetic", "image", "inferloop"]
    assert card["task_categories"] == ["text-to-image"]
    assert {each["name"] for each in card["dataset_info"]["features"]} >= {"image", "prompt"}


def test_croissant_agrees_with_the_file(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/n.jsonl"))
    document = orjson.loads(storage.read("exports/n.jsonl.croissant.json"))
    content = storage.read("exports/n.jsonl")
    (file,) = document["distribution"]
    assert document["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert file["contentSize"] == f"{len(content)} B"


@pytest.mark.parametrize(
    ("count", "word"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M")],
)
def test_size_categories(count: int, word: str) -> None:
    assert size_category(count) == word


def test_the_document_lists_every_field() -> None:
    documented = set(re.findall(r"^\| `([\w.]+)` \|", DOCS.read_text(), re.MULTILINE))
    assert {path for path, _ in leaves(COLUMNS)} <= documented


def test_parts_choose_columns() -> None:
    assert columns(True, True) == COLUMNS
    assert {c.part for c in columns(False, False)} == {"identity"}
    assert {c.part for c in columns(True, False)} == {"identity", "metadata"}

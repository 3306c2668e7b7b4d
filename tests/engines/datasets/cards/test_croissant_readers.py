"""What we write as Croissant, read by MLCommons' own library, offline: no errors, and records."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest
from PIL import Image

from engines.datasets.records.schema import COLUMNS, leaves
from engines.datasets.writers.exporter import DatasetExporter
from engines.protocols import Storage
from engines.types import ExportRequest

MakeRequest = Callable[..., ExportRequest]
RECOMMENDED = ("citeAs", "license")
"""What mlcroissant misses and only the dataset's owner can say."""


@pytest.fixture
def load(root: Path) -> Callable[[str], mlcroissant.Dataset]:
    def load(card_key: str) -> mlcroissant.Dataset:
        dataset = mlcroissant.Dataset(jsonld=str(root / card_key))
        issues = dataset.metadata.ctx.issues
        assert not issues.errors
        unexpected = {s for s in issues.warnings if not any(word in s for word in RECOMMENDED)}
        assert not unexpected
        return dataset

    return load


def records(dataset: mlcroissant.Dataset) -> list[dict[str, Any]]:
    """By our names; text is given as bytes."""
    return [
        {
            name.removeprefix("records/"): value.decode() if isinstance(value, bytes) else value
            for name, value in record.items()
        }
        for record in dataset.records("records")
    ]


def test_a_parquet_export_is_read_whole(
    exporter: DatasetExporter,
    storage: Storage,
    nature: list[str],
    make_request: MakeRequest,
    load: Any,
) -> None:
    exporter.export(make_request("exports/n.parquet", format="parquet"))
    found = records(load("exports/n.parquet.croissant.json"))
    assert len(found) == 10
    assert set(found[3]) == {"image", *(path for path, _ in leaves(COLUMNS))}
    original = Image.open(io.BytesIO(storage.read(nature[3])))
    assert np.array_equal(np.asarray(found[3]["image"]), np.asarray(original))
    assert found[3]["prompt"] == 'sunset "3" über 山\n'
    assert found[3]["parameters.seed"] == 3
    assert found[3]["quality.score"] == pytest.approx(0.6)
    assert (found[3]["quality.passed"], found[3]["privacy.passed"]) == (True, False)
    assert found[9]["quality.score"] is None
    assert found[3]["safety"] == '{"policy":"off"}'


def test_a_card_is_croissant_1_1_and_says_what_is_known_of_responsible_use(
    exporter: DatasetExporter, nature: list[str], make_request: MakeRequest, load: Any, root: Path
) -> None:
    exporter.export(make_request("exports/n.parquet", format="parquet"))
    metadata = load("exports/n.parquet.croissant.json").metadata
    assert metadata.ctx.is_v1_1()
    assert metadata.data_collection.startswith("10 of 10 images were generated from prompts by ")
    assert metadata.data_collection_type == ["Software Collection"]
    (personal,) = metadata.personal_sensitive_information
    judged = [int(word) for word in personal.split() if word.isdigit()]
    assert sum(judged) == 10
    assert "biases are those of the data" in metadata.data_biases[0]
    card = (root / "exports/n.parquet.croissant.json").read_text()
    assert "http://mlcommons.org/croissant/RAI/1.0" in card


def test_a_jsonl_export_is_read_but_for_its_open_objects(
    exporter: DatasetExporter, nature: list[str], make_request: MakeRequest, load: Any
) -> None:
    exporter.export(make_request("exports/n.jsonl"))
    found = records(load("exports/n.jsonl.croissant.json"))
    assert len(found) == 10
    assert set(found[0]) == {path for path, column in leaves(COLUMNS) if column.type != "json"}
    assert found[5]["id"] == "image_0005"
    assert found[5]["prompt"] == 'sunset "5" über 山\n'
    assert found[5]["negative_prompt"] == "blurry"
    assert (found[5]["quality.passed"], found[6]["quality.passed"]) == (False, None)
    assert str(found[5]["created_at"]).startswith("20")


@pytest.mark.parametrize("include_metadata", [True, False])
def test_shards_and_bare_tables_are_valid_too(
    exporter: DatasetExporter,
    nature: list[str],
    make_request: MakeRequest,
    load: Any,
    include_metadata: bool,
) -> None:
    bare = {"include_metadata": include_metadata, "include_annotations": False}
    exporter.export(make_request("exports/shards", format="webdataset", **bare))
    load("exports/shards/croissant.json")
    exporter.export(make_request("exports/bare.jsonl", **bare))
    found = records(load("exports/bare.jsonl.croissant.json"))
    assert ("prompt" in found[0]) is include_metadata
    assert found[0]["width"] == 64


def test_an_empty_export_is_valid(
    exporter: DatasetExporter, nature: list[str], make_request: MakeRequest, load: Any
) -> None:
    from engines.types import ExportFilter

    nothing = ExportFilter(min_quality_score=1.0)
    report = exporter.export(make_request("exports/e.parquet", format="parquet", filter=nothing))
    assert report.exported_count == 0
    assert records(load("exports/e.parquet.croissant.json")) == []

"""Labels and metadata of an image: kept with it, in every export in the words of its readers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

from engines.datasets.recipes.recipe import Recipe
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import Conflict
from engines.protocols import Storage
from engines.types import ExportFilter
from tests.engines.datasets.labeled import (
    ANIMALS,
    FARM,
    MakeRequest,
    exported,
    request_of,
)


def test_the_recipe_beside_and_inside_the_image_has_them(
    storage: Storage, store: DatasetStore, farm: list[str]
) -> None:
    recipe = Recipe.from_json(storage.read(farm[0].replace(".png", ".json")))
    assert recipe.labels == {"season": "summer", "animal": "fox"}
    assert recipe.metadata == {"camera": {"lens_mm": 35}, "keeper": "Ané"}
    for stat in list(storage.list(f"{FARM}/.index")):
        storage.delete(stat.key)
    storage.delete(farm[0].replace(".png", ".json"))
    first = next(iter(store.iter_records(FARM)))
    assert first.recipe is not None
    assert (first.recipe.labels, first.recipe.metadata) == (recipe.labels, recipe.metadata)


def test_an_image_of_other_labels_is_another_image(store: DatasetStore, farm: list[str]) -> None:
    recorder = ImageRecorder(store, {})
    assert recorder.stored(request_of(1)) is not None
    with pytest.raises(Conflict):
        recorder.stored(request_of(1, labels={"animal": "fox"}))
    with pytest.raises(Conflict):
        recorder.stored(request_of(1, metadata={"keeper": "Bo"}))


def test_a_recipe_of_an_earlier_version_has_none(storage: Storage, farm: list[str]) -> None:
    told = orjson.loads(storage.read(farm[0].replace(".png", ".json")))
    del told["labels"], told["metadata"]
    recipe = Recipe.from_dict(told)
    assert (recipe.labels, recipe.metadata) == ({}, {})


@pytest.mark.parametrize("labels", [["fox"], "fox", {"animal": 3}, {"animal": None}])
def test_labels_that_somebody_edited_into_something_else_are_not_believed(
    storage: Storage, farm: list[str], labels: object
) -> None:
    told = orjson.loads(storage.read(farm[0].replace(".png", ".json")))
    with pytest.raises(ValueError, match="label"):
        Recipe.from_dict({**told, "labels": labels})


def test_jsonl_has_an_object_and_a_column_for_each_label(
    exporter: DatasetExporter, storage: Storage, farm: list[str], make_request: MakeRequest
) -> None:
    rows = [orjson.loads(line) for line in exported(exporter, make_request, storage).splitlines()]
    assert [row["label_animal"] for row in rows] == ANIMALS
    assert rows[2]["labels"] == {"season": "summer", "animal": "dog/wolf"}
    assert rows[0]["metadata"] == {"camera": {"lens_mm": 35}, "keeper": "Ané"}
    assert rows[1]["metadata"] is None


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_hugging_face_reads_class_labels(
    exporter: DatasetExporter,
    storage: Storage,
    farm: list[str],
    make_request: MakeRequest,
    root: Path,
    tmp_path: Path,
    format_: str,
) -> None:
    from datasets import ClassLabel, Features, load_dataset

    exported(exporter, make_request, storage, format=format_)
    given: dict[str, Any] = {}
    if format_ == "jsonl":
        told = json.loads((root / "exports/farm.jsonl.features.json").read_text())
        given, format_ = {"features": Features.from_dict(told)}, "json"
    file = root / ("exports/farm.jsonl" if format_ == "json" else "exports/farm.parquet")
    loaded = load_dataset(
        format_, data_files=str(file), split="train", cache_dir=str(tmp_path / "c"), **given
    )
    feature = loaded.features["label_animal"]
    assert isinstance(feature, ClassLabel)
    assert feature.names == ["cat", "dog/wolf", "fox"]
    assert loaded["label_animal"] == [2, 0, 1, 2, None]
    assert loaded.features["label_season"].int2str(loaded[1]["label_season"]) == "winter"


def test_the_card_names_the_classes(
    exporter: DatasetExporter, storage: Storage, farm: list[str], make_request: MakeRequest
) -> None:
    exported(exporter, make_request, storage, format="parquet")
    front = yaml.safe_load(storage.read("exports/farm.parquet.README.md").split(b"---")[1])
    features = {each["name"]: each for each in front["dataset_info"]["features"]}
    names = features["label_animal"]["dtype"]["class_label"]["names"]
    assert names == {"0": "cat", "1": "dog/wolf", "2": "fox"}


def test_a_filtered_export_numbers_its_classes_like_the_whole_one(
    exporter: DatasetExporter, storage: Storage, farm: list[str], make_request: MakeRequest
) -> None:
    only_foxes = ExportFilter(labels={"animal": ("fox",)})
    content = exported(exporter, make_request, storage, format="parquet", filter=only_foxes)
    assert pq.read_table(io.BytesIO(content))["label_animal"].to_pylist() == [2, 2]


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ({"animal": ("fox",)}, 2),
        ({"animal": ("fox", "cat")}, 3),
        ({"animal": ("fox",), "season": ("winter",)}, 1),
        ({"animal": ("cow",)}, 0),
        ({"color": ("red",)}, 0),
    ],
)
def test_a_filter_takes_images_that_have_all_its_labels(
    exporter: DatasetExporter,
    farm: list[str],
    make_request: MakeRequest,
    wanted: dict[str, tuple[str, ...]],
    taken: int,
) -> None:
    report = exporter.export(
        make_request("exports/x.jsonl", dataset_key=FARM, filter=ExportFilter(labels=wanted))
    )
    assert report.exported_count == taken
    assert report.filtered.get("labels", 0) == len(ANIMALS) - taken


def test_without_metadata_nothing_is_said_of_labels(
    exporter: DatasetExporter, storage: Storage, farm: list[str], make_request: MakeRequest
) -> None:
    line = exported(exporter, make_request, storage, include_metadata=False).splitlines()[0]
    assert b"fox" not in line
    exporter.export(
        make_request("exports/w", dataset_key=FARM, format="webdataset", include_metadata=False)
    )
    assert "classes" not in orjson.loads(storage.read("exports/w/manifest.json"))


def test_a_dataset_counts_its_labels(store: DatasetStore, farm: list[str]) -> None:
    assert store.summary("farm").labels == {
        "animal": {"cat": 1, "dog/wolf": 1, "fox": 2},
        "season": {"summer": 3, "winter": 2},
    }


def test_labels_of_images_without_an_index_are_found(
    exporter: DatasetExporter, storage: Storage, farm: list[str], make_request: MakeRequest
) -> None:
    for stat in list(storage.list(f"{FARM}/.index")):
        storage.delete(stat.key)
    content = exported(exporter, make_request, storage, format="parquet")
    assert pq.read_table(io.BytesIO(content))["label_animal"].to_pylist() == [2, 0, 1, 2, None]

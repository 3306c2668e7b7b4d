"""Labels and metadata of an image: kept with it, in every export in the words of its readers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
import yaml

from engines.datasets.recipe import Recipe
from engines.datasets.recorder import ImageRecorder
from engines.datasets.store import DatasetStore
from engines.datasets.writers.class_folders import folder_name
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import Conflict, InvalidParameters
from engines.protocols import Storage
from engines.types import ExportFilter, ExportRequest, GeneratedImage, GenerationRequest

MakeRequest = Callable[..., ExportRequest]
FARM = "generated/farm"
ANIMALS = ["fox", "cat", "dog/wolf", "fox", None]
"""Label of each image; the last has none."""


def request_of(number: int, **changes: Any) -> GenerationRequest:
    labels: dict[str, str] = {"season": "winter" if number % 2 else "summer"}
    if (animal := ANIMALS[number]) is not None:
        labels["animal"] = animal
    request = GenerationRequest(
        image_id=f"image_{number}",
        prompt=f"animal {number}",
        model_id="m",
        width=24,
        height=16,
        num_inference_steps=2,
        guidance_scale=1.0,
        seed=number,
        dataset="farm",
        labels=labels,
        metadata={"camera": {"lens_mm": 35}, "keeper": "Ané"} if number == 0 else {},
    )
    return replace(request, **changes)


def record_one(store: DatasetStore, request: GenerationRequest) -> str:
    pixels = np.full((16, 24, 3), request.seed * 20, np.uint8)
    image = GeneratedImage(pixels, "inferloop/mini", None, "DDIMScheduler", {"policy": "off"})
    return ImageRecorder(store, {}).record(request, image).key


@pytest.fixture
def farm(store: DatasetStore) -> list[str]:
    return [record_one(store, request_of(number)) for number in range(len(ANIMALS))]


def exported(
    exporter: DatasetExporter, make_request: MakeRequest, storage: Storage, **changes: Any
) -> bytes:
    output = changes.pop("output_key", f"exports/farm.{changes.get('format', 'jsonl')}")
    exporter.export(make_request(output, dataset_key=FARM, **changes))
    return storage.read(output)


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


def test_webdataset_has_the_number_of_the_class(
    exporter: DatasetExporter,
    storage: Storage,
    farm: list[str],
    make_request: MakeRequest,
    root: Path,
) -> None:
    import webdataset

    output = "exports/farm"
    exporter.export(
        make_request(output, dataset_key=FARM, format="webdataset", class_label="animal")
    )
    manifest = orjson.loads(storage.read(f"{output}/manifest.json"))
    assert manifest["class_label"] == "animal"
    assert manifest["classes"] == ["cat", "dog/wolf", "fox"]
    shard = str(root / output / manifest["shards"][0]["name"])
    samples = webdataset.WebDataset([shard], shardshuffle=False).decode("pil")
    assert [(s["cls"], s["json"]["label_animal"]) for s in samples] == [
        (2, "fox"), (0, "cat"), (1, "dog/wolf"), (2, "fox"), (-1, ""),
    ]  # fmt: skip


def test_hugging_face_reads_the_shards_of_labeled_images(
    exporter: DatasetExporter,
    storage: Storage,
    farm: list[str],
    make_request: MakeRequest,
    root: Path,
    tmp_path: Path,
) -> None:
    from datasets import load_dataset

    exporter.export(
        make_request("exports/farm", dataset_key=FARM, format="webdataset", class_label="animal")
    )
    loaded = load_dataset(str(root / "exports/farm"), cache_dir=str(tmp_path / "c"))["train"]
    assert loaded.features["cls"].names == ["cat", "dog/wolf", "fox"]
    assert loaded["cls"] == [2, 0, 1, 2, -1]


def test_an_image_folder_has_a_folder_for_each_class(
    exporter: DatasetExporter,
    storage: Storage,
    farm: list[str],
    make_request: MakeRequest,
    root: Path,
    tmp_path: Path,
) -> None:
    from datasets import load_dataset

    output = "exports/farm.zip"
    content = exported(exporter, make_request, storage, format="imagefolder", output_key=output)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "fox/image_0.png", "cat/image_1.png", "dog%2Fwolf/image_2.png", "fox/image_3.png",
        ]  # fmt: skip
        assert archive.read("cat/image_1.png") == storage.read(farm[1])
        archive.extractall(tmp_path / "unpacked")
    loaded = load_dataset(
        "imagefolder",
        data_dir=str(tmp_path / "unpacked"),
        split="train",
        cache_dir=str(tmp_path / "c"),
    )
    assert loaded.features["label"].names == ["cat", "dog%2Fwolf", "fox"]
    assert sorted(loaded["label"]) == [0, 1, 2, 2]


def test_an_image_folder_tells_what_has_no_class(
    exporter: DatasetExporter, farm: list[str], make_request: MakeRequest
) -> None:
    report = exporter.export(
        make_request("exports/farm.zip", dataset_key=FARM, format="imagefolder")
    )
    assert (report.exported_count, dict(report.filtered)) == (4, {"labels": 1})


def test_an_image_folder_needs_a_label_and_a_name_that_readers_know(
    exporter: DatasetExporter, nature: list[str], make_request: MakeRequest
) -> None:
    with pytest.raises(InvalidParameters, match="which has none"):
        exporter.export(make_request("exports/n.zip", format="imagefolder"))
    with pytest.raises(InvalidParameters, match=r"\.zip"):
        exporter.export(make_request("exports/n.tar", format="imagefolder"))


def test_a_class_that_the_dataset_has_not_is_refused_with_those_it_has(
    exporter: DatasetExporter, farm: list[str], make_request: MakeRequest
) -> None:
    with pytest.raises(InvalidParameters, match="animal, season"):
        exporter.export(
            make_request("exports/f", dataset_key=FARM, format="webdataset", class_label="breed")
        )


@pytest.mark.parametrize(
    ("value", "folder"),
    [
        ("red fox", "red fox"),
        ("赤狐", "赤狐"),
        ("../up", "%2E%2E%2Fup"),
        ("CON.", "CON%2E"),
        ("100%", "100%25"),
        ("tail ", "tail%20"),
    ],
)
def test_a_class_becomes_a_folder_name_that_is_safe_everywhere(value: str, folder: str) -> None:
    assert folder_name(value) == folder


def test_coco_has_an_annotation_for_each_label_and_those_beside_the_image(
    exporter: DatasetExporter, storage: Storage, farm: list[str], make_request: MakeRequest
) -> None:
    own = {
        "categories": [{"id": 7, "name": "tail", "supercategory": "part"}],
        "annotations": [
            {"id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 1},
            {"id": 2, "category_id": 8, "bbox": [0, 0, 1, 1]},
            "not an annotation",
        ],
    }
    storage.put_new(farm[0].replace(".png", ".coco.json"), orjson.dumps(own))
    coco = orjson.loads(exported(exporter, make_request, storage, format="coco"))
    category = {each["id"]: (each["supercategory"], each["name"]) for each in coco["categories"]}
    assert [each["id"] for each in coco["images"]] == [1, 2, 3, 4, 5]
    assert coco["images"][0]["file_name"] == "../generated/farm/image_0.png"
    of_first = [a for a in coco["annotations"] if a["image_id"] == 1]
    assert [category[a["category_id"]] for a in of_first] == [
        ("season", "summer"), ("animal", "fox"), ("part", "tail"),
    ]  # fmt: skip
    assert of_first[1]["bbox"] == [0, 0, 24, 16]
    assert of_first[1]["area"] == 384
    assert of_first[2]["bbox"] == [1, 2, 3, 4]
    assert of_first[2]["iscrowd"] == 1
    ids = [annotation["id"] for annotation in coco["annotations"]]
    assert ids == list(range(1, len(ids) + 1))


def test_coco_of_a_dataset_without_labels_is_a_whole_file(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/n.json", format="coco"))
    coco = orjson.loads(storage.read("exports/n.json"))
    assert len(coco["images"]) == 10
    assert (coco["annotations"], coco["categories"]) == ([], [])


def test_csv_has_every_leaf_of_the_record_as_a_column(
    exporter: DatasetExporter, storage: Storage, nature: list[str], make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/n.csv", format="csv"))
    text = storage.read("exports/n.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 10
    assert rows[1]["prompt"] == 'sunset "1" über 山\n'
    assert (rows[0]["parameters.seed"], rows[0]["quality.passed"]) == ("0", "true")
    assert (rows[9]["quality.passed"], rows[9]["labels"]) == ("", "{}")


def test_pandas_reads_labels_from_csv(
    exporter: DatasetExporter, storage: Storage, farm: list[str], make_request: MakeRequest
) -> None:
    import pandas as pd

    content = exported(exporter, make_request, storage, format="csv")
    table = pd.read_csv(io.BytesIO(content))
    assert table["label_animal"].fillna("none").tolist() == [a or "none" for a in ANIMALS]
    assert json.loads(table["metadata"][0])["keeper"] == "Ané"


@pytest.mark.parametrize("format_", ["csv", "coco", "imagefolder"])
def test_splits_give_a_file_each(
    exporter: DatasetExporter,
    storage: Storage,
    farm: list[str],
    make_request: MakeRequest,
    format_: str,
) -> None:
    output = "exports/farm.zip" if format_ == "imagefolder" else f"exports/farm.{format_}"
    splits = {"train": 0.5, "test": 0.5}
    report = exporter.export(make_request(output, dataset_key=FARM, format=format_, splits=splits))
    assert set(report.split_keys) <= set(splits)
    for key in report.split_keys.values():
        assert storage.stat(key).size_bytes > 0


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

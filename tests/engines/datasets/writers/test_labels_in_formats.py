"""Labels as each format has them: numbers, folders, annotations, columns."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import orjson
import pytest

from engines.datasets.writers.encoding.class_folders import folder_name
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import InvalidParameters
from engines.protocols import Storage
from tests.engines.datasets.labeled import (
    ANIMALS,
    FARM,
    MakeRequest,
    exported,
)


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
    with pytest.raises(InvalidParameters, match="has no labels"):
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


def test_long_classes_become_folder_names_that_a_file_system_takes(tmp_path: Path) -> None:
    values = ["山" * 99 + "a", "山" * 99 + "b", "\N{FOX FACE}" * 100, "\N{FOX FACE}" * 99 + "!"]
    names = {folder_name(value) for value in values}
    assert len(names) == 4
    for name in names:
        (tmp_path / name).mkdir()
    assert folder_name("山" * 60) == "山" * 60


@pytest.mark.parametrize(
    ("value", "folder"),
    [
        ("red fox", "red fox"),
        ("赤狐", "赤狐"),
        ("../up", "%2E%2E%2Fup"),
        ("CON.", "CON%2E"),
        ("100%", "100%25"),
        ("tail ", "tail%20"),
        ("con", "%63on"),
        ("LPT1", "%4CPT1"),
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

"""Images of others in a dataset: what their owner says of them is in lists, counts and exports."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engines.datasets.export_config import ExportConfig
from engines.datasets.looking.look import Looker
from engines.datasets.records.reading import prompt_of_image
from engines.datasets.sidecars.descriptions import Description
from engines.datasets.store.layout import description_key
from engines.datasets.store.store import DatasetStore
from engines.datasets.store.uploading import keep_upload
from engines.datasets.upkeep.removal import delete_image
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import InsufficientStorage
from engines.images import ImageLimits, verify
from engines.storage.folder.storage import FolderStorage
from engines.types import ExportFilter, ExportRequest
from engines.types.datasets.datasets import DatasetUpload
from engines.types.datasets.looking import ImageFilter, ImageQuery


def photo(shade: int, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((8, 12, 3), shade, np.uint8)).save(out, kind)
    return out.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(FolderStorage(tmp_path))


def upload(store: DatasetStore, content: bytes, prompt: str | None = None, **labels: str) -> str:
    info = verify(content, ImageLimits())
    return keep_upload(store, content, info, DatasetUpload("pets", prompt, labels))


def test_an_upload_has_its_labels_wherever_a_dataset_is_looked_at(store: DatasetStore) -> None:
    upload(store, photo(10), "A brown fox", animal="fox")
    upload(store, photo(20, "PNG"), animal="cat")
    upload(store, photo(30))
    summary = store.summary("pets")
    assert summary.labels == {"animal": {"cat": 1, "fox": 1}}
    looker = Looker(store)
    page = looker.page(ImageQuery("pets", ImageFilter(labels={"animal": ("fox",)})))
    (fox,) = page.images
    assert (fox.prompt, dict(fox.labels), fox.served_model) == (
        "A brown fox",
        {"animal": "fox"},
        None,
    )
    assert (fox.width, fox.height) == (12, 8)
    assert looker.page(ImageQuery("pets", ImageFilter(prompt="FOX"))).total == 1
    assert looker.summary("pets", ImageFilter()).labels == {"animal": {"cat": 1, "fox": 1}}


def test_what_comes_while_somebody_looks_is_seen_at_once(store: DatasetStore) -> None:
    looker = Looker(store)
    upload(store, photo(10), animal="fox")
    assert looker.page(ImageQuery("pets", ImageFilter())).total == 1
    other = DatasetStore(store.storage)
    upload(other, photo(20), "a cat", animal="cat")
    page = looker.page(ImageQuery("pets", ImageFilter(labels={"animal": ("cat",)})))
    assert [(each.prompt, each.width) for each in page.images] == [("a cat", 12)]


def test_the_same_file_again_is_the_same_image_with_other_labels(store: DatasetStore) -> None:
    looker = Looker(store)
    first = upload(store, photo(10), "a fox", animal="fox", place="wood")
    assert looker.page(ImageQuery("pets", ImageFilter())).total == 1
    assert upload(store, photo(10), animal="dog") == first
    (image,) = looker.page(ImageQuery("pets", ImageFilter())).images
    assert (image.prompt, dict(image.labels)) == (None, {"animal": "dog"})
    assert looker.summary("pets", ImageFilter()).labels == {"animal": {"dog": 1}}
    assert store.summary("pets").labels == {"animal": {"dog": 1}}


def exported(store: DatasetStore, **wanted: Any) -> list[dict[str, Any]]:
    request = ExportRequest("jsonl", "generated/pets", "exports/pets.jsonl", **wanted)
    report = DatasetExporter(store.storage, store, ExportConfig()).export(request)
    assert report.status == "success"
    lines = store.storage.read("exports/pets.jsonl").splitlines()
    return [json.loads(line) for line in lines]


def test_an_export_holds_prompt_and_labels_and_says_that_it_is_an_upload(
    store: DatasetStore,
) -> None:
    upload(store, photo(10), "a fox", animal="fox")
    upload(store, photo(20))
    fox, bare = sorted(exported(store), key=lambda record: record["label_animal"] is None)
    assert (fox["prompt"], fox["labels"], fox["label_animal"]) == (
        "a fox",
        {"animal": "fox"},
        "fox",
    )
    assert (bare["prompt"], bare["labels"], bare["label_animal"]) == (None, {}, None)
    assert fox["metadata"] == {"origin": "uploaded"}
    assert fox["served_model"] is None
    only = exported(store, filter=ExportFilter(labels={"animal": ("fox",)}))
    assert [record["id"] for record in only] == [fox["id"]]


def test_what_is_inside_an_upload_speaks_for_nothing(store: DatasetStore) -> None:
    out = io.BytesIO()
    text = PngInfo()
    text.add_text("inferloop.recipe", json.dumps({"schema": "inferloop.recipe/1"}))
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=text)
    upload(store, out.getvalue(), animal="fox")
    with store.snapshot("generated/pets") as snapshot:
        (record,) = snapshot.records()
    assert (record.recipe, dict(record.labels)) == (None, {"animal": "fox"})
    assert record.indexed


def test_an_upload_is_judged_by_what_its_owner_says(store: DatasetStore) -> None:
    key = upload(store, photo(10), "a fox")
    assert prompt_of_image(store.storage, key) == "a fox"
    assert prompt_of_image(store.storage, upload(store, photo(20))) is None


def test_a_deleted_upload_leaves_nothing(store: DatasetStore) -> None:
    key = upload(store, photo(10), animal="fox")
    assert set(delete_image(store, key)) == {key, description_key(key)}


class Full(FolderStorage):
    """Room for descriptions alone."""

    def put_new(self, key: str, content: bytes) -> Any:
        if key.endswith(".jpg"):
            raise InsufficientStorage("full")
        return super().put_new(key, content)


def test_an_upload_without_room_leaves_nothing(tmp_path: Path) -> None:
    store = DatasetStore(Full(tmp_path))
    with pytest.raises(InsufficientStorage):
        upload(store, photo(10), animal="fox")
    assert list(store.storage.list("generated")) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": "inferloop.review/1"},
        {"labels": {"animal": 1}},
        {"labels": ["fox"]},
        {"prompt": 3},
        {"described_at": "yesterday"},
    ],
)
def test_a_description_that_somebody_broke_is_none(
    store: DatasetStore, changed: dict[str, Any]
) -> None:
    key = upload(store, photo(10), animal="fox")
    beside = description_key(key)
    told = json.loads(store.storage.read(beside))
    assert Description.from_dict(told).labels == {"animal": "fox"}
    store.storage.replace(beside, json.dumps({**told, **changed}).encode())
    with store.snapshot("generated/pets") as snapshot:
        (record,) = snapshot.records()
    assert (record.description, dict(record.labels)) == (None, {})

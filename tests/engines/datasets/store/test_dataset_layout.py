"""Names: which key a thing has, and which thing a key is."""

from __future__ import annotations

import pytest

from engines.datasets.store.layout import classify, dataset_key, dataset_of, image_key, sidecar_key
from engines.errors import InvalidParameters


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", ("a", "image")),
        ("a.b.JPG", ("a.b", "image")),
        ("cats/1.webp", ("cats/1", "image")),
        ("a.json", ("a", "recipe")),
        ("a.quality.json", ("a", "quality")),
        ("a.privacy.json", ("a", "privacy")),
        ("a.coco.json", ("a", "coco")),
        ("a.txt", ("a", "yolo")),
        ("a.xml", ("a", "voc")),
        (".index/w-0.jsonl", None),
        ("cats/.hidden/a.png", None),
        (".png", None),
        ("metadata.jsonl", None),
        ("a.md", None),
    ],
)
def test_files_are_told_by_name(name: str, expected: tuple[str, str] | None) -> None:
    assert classify(name) == expected


def test_keys_of_generated_images() -> None:
    assert image_key("image_1", None) == "generated/image_1.png"
    assert image_key("image_1", "nature") == "generated/nature/image_1.png"
    assert sidecar_key("generated/nature/image_1.png", ".json") == "generated/nature/image_1.json"
    assert sidecar_key("uploads/a.b.jpg", ".quality.json") == "uploads/a.b.quality.json"


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("generated/a.png", "generated"),
        ("generated/nature/a.png", "generated/nature"),
        ("uploads/photos/cats/1.jpg", "uploads/photos"),
        ("uploads/a.png", "uploads"),
    ],
)
def test_the_dataset_of_an_image(key: str, dataset: str) -> None:
    assert dataset_of(key) == dataset


@pytest.mark.parametrize("name", ["", "..", "a/b", ".index", "a\0b", "/etc"])
def test_what_is_no_dataset_name(name: str) -> None:
    with pytest.raises(InvalidParameters):
        dataset_key(name)


@pytest.mark.parametrize("image_id", ["..\0", "../x", "a/b"])
def test_what_is_no_image_id(image_id: str) -> None:
    with pytest.raises(InvalidParameters):
        image_key(image_id, "nature")

"""Where the things of a dataset lie.

    generated/<dataset>/<id>.png             the image, written once
    generated/<dataset>/<id>.json            its recipe, written once
    generated/<dataset>/<id>.quality.json    verdicts, replaced when judged again
    generated/<dataset>/<id>.privacy.json
    generated/<dataset>/<id>.coco.json .txt .xml   annotations (COCO, YOLO, Pascal VOC) of the user
    generated/<dataset>/.index/<writer>-<n>.jsonl  append-only shards: recipes and verdicts again

Images without a dataset lie directly in `generated/`, and their index in `generated/.index/`.
"""

from __future__ import annotations

from typing import Literal

from engines.errors import InvalidParameters
from engines.storage.keys import check_key
from engines.types.image_formats import IMAGE_SUFFIXES

GENERATED = "generated"
INDEX_FOLDER = ".index"

FileKind = Literal["image", "recipe", "quality", "privacy", "coco", "yolo", "voc"]
VerdictKind = Literal["quality", "privacy"]
AnnotationKind = Literal["coco", "yolo", "voc"]

_SIDECARS: dict[str, FileKind] = {
    ".quality.json": "quality",
    ".privacy.json": "privacy",
    ".coco.json": "coco",
    ".json": "recipe",
    ".txt": "yolo",
    ".xml": "voc",
}

SIDECAR_SUFFIXES = tuple(_SIDECARS)
"""What may lie beside an image, after its stem."""


def dataset_key(dataset: str | None) -> str:
    """Folder of a dataset by its name; None is the area itself."""
    if dataset is None:
        return GENERATED
    if "/" in dataset or dataset.startswith("."):
        constraint = "one folder name, not starting with a dot"
        raise InvalidParameters.of("dataset", dataset, constraint, f"must be {constraint}")
    return check_key(f"{GENERATED}/{dataset}")


def image_key(image_id: str, dataset: str | None) -> str:
    """Key of a generated image."""
    if "/" in image_id:
        raise InvalidParameters.of("image_id", image_id, "no slash", "must not hold a slash")
    return check_key(f"{dataset_key(dataset)}/{image_id}.png")


def dataset_of(key: str) -> str:
    """Folder that indexes the image `key`: area and first folder, or the area alone."""
    parts = check_key(key).split("/")
    return "/".join(parts[: min(2, len(parts) - 1)])


def sidecar_key(key: str, suffix: str) -> str:
    """Key of a neighbour: ("a/x.png", ".quality.json") is "a/x.quality.json"."""
    folder, slash, name = key.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}{slash}{stem}{suffix}"


def classify(name: str) -> tuple[str, FileKind] | None:
    """Stem and kind of a file named relative to its dataset; None for what is none of ours."""
    if name.startswith(".") or "/." in name:
        return None
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        return None
    suffix = dot + suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return stem, "image"
    if suffix == ".json":
        inner, dot, kind = stem.rpartition(".")
        if inner and (found := _SIDECARS.get(f"{dot}{kind.lower()}.json")) is not None:
            return inner, found
    found = _SIDECARS.get(suffix)
    return (stem, found) if found is not None else None

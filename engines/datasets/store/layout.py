"""The files of a dataset and their names.

    generated/<dataset>/<id>.png             the image, written once
    generated/<dataset>/<id>.json            its recipe, written once
    generated/<dataset>/<id>.png.quality.json    verdicts, replaced when judged again
    generated/<dataset>/<id>.png.privacy.json
    generated/<dataset>/<id>.png.review.json     review: rating, tags, decision
    generated/<dataset>/<id>.png.description.json  description of an uploaded image
    generated/<dataset>/<id>.coco.json .txt .xml   the user's annotations (COCO, YOLO, Pascal VOC)
    generated/<dataset>/.index/<writer>-<n>.jsonl  index: copies of recipes, verdicts and so on

Images without a dataset are directly in `generated/`, and their index in `generated/.index/`.

A sidecar whose name begins with an image's whole name (`a.jpg.json`) belongs to that image.
Otherwise (`a.json`) it belongs to all images with that name without suffix (`a.jpg`, `a.png`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engines.errors import InvalidParameters, NotFound
from engines.images.containers import sniff
from engines.protocols import StopCheck, never_stopped
from engines.storage.keys import check_key
from engines.types.datasets.datasets import SkippedFile
from engines.types.image_formats import (
    IMAGE_SUFFIXES,
    is_document_name,
    is_hidden,
    is_image_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engines.protocols import Storage
    from engines.types import ObjectStat

GENERATED = "generated"
NO_IMAGE = "not a supported image"
REFUSED_NAME = "its name has control characters or backslashes, or is too long: rename it"
INDEX_FOLDER = ".index"

FileKind = Literal[
    "image", "recipe", "quality", "privacy", "review", "description", "coco", "yolo", "voc"
]
VerdictKind = Literal["quality", "privacy"]
AnnotationKind = Literal["coco", "yolo", "voc"]

_SNIFFED_BYTES = 32
_SIDECARS: dict[str, FileKind] = {
    ".quality.json": "quality",
    ".privacy.json": "privacy",
    ".review.json": "review",
    ".description.json": "description",
    ".coco.json": "coco",
    ".json": "recipe",
    ".txt": "yolo",
    ".xml": "voc",
}

SIDECAR_SUFFIXES = tuple(_SIDECARS)
"""Suffixes of sidecars, which follow an image's name or its name without suffix."""


def dataset_key(dataset: str | None) -> str:
    """Storage key of a dataset's folder; for None, of the folder `generated` itself.

    Raises `InvalidParameters` for a name that is not valid.
    """
    if dataset is None:
        return GENERATED
    if "/" in dataset or dataset.startswith("."):
        constraint = "one folder name, not starting with a dot"
        raise InvalidParameters.of("dataset", dataset, constraint, f"must be {constraint}")
    return check_key(f"{GENERATED}/{dataset}")


def image_key(image_id: str, dataset: str | None) -> str:
    """Storage key of a generated image. Raises `InvalidParameters` for an id with a slash."""
    if "/" in image_id:
        raise InvalidParameters.of("image_id", image_id, "no slash", "must not hold a slash")
    return check_key(f"{dataset_key(dataset)}/{image_id}.png")


def dataset_of(key: str) -> str:
    """Folder whose index contains the image `key`: the dataset, or `generated` for an image without
    one."""
    parts = check_key(key).split("/")
    return "/".join(parts[: min(2, len(parts) - 1)])


def verdict_key(key: str, kind: VerdictKind) -> str:
    """Key of the verdict on the image `key`: "a/x.png" has "a/x.png.quality.json"."""
    return f"{key}.{kind}.json"


def review_key(key: str) -> str:
    """Key of the review of the image `key`."""
    return f"{key}.review.json"


def description_key(key: str) -> str:
    """Key of the description of the uploaded image `key`."""
    return f"{key}.description.json"


def sidecar_key(key: str, suffix: str) -> str:
    """Key of a sidecar that has the image's name without suffix: ("a/x.png", ".json") gives
    "a/x.json"."""
    folder, slash, name = key.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}{slash}{stem}{suffix}"


def classify(name: str) -> tuple[str, FileKind] | None:
    """The name without the kind's suffix, and the kind of a file. `name` is relative to the
    dataset.

    For a sidecar the first part is the image's name, or its name without suffix. None for a file
    that does not belong to a dataset.
    """
    if is_hidden(name):
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


def stem_of(name: str) -> str:
    """An image's name without its suffix; a name without an image suffix is returned unchanged."""
    return name.rpartition(".")[0] if is_image_name(name) else name


def is_area(folder: str) -> bool:
    """Whether the folder is an area such as "generated". As a dataset it has only the images
    directly in it, because the folders in it are other datasets."""
    return "/" not in folder


def format_of(storage: Storage, key: str) -> str | None:
    """The format by a file's first bytes, in Pillow's names; None if it is not a supported image.
    Blocks."""
    return sniff(storage.read(key, 0, _SNIFFED_BYTES))


def has_image_content(storage: Storage, key: str) -> bool:
    """Whether a file without an image's name has the first bytes of an image. False if it was
    deleted meanwhile. Blocks."""
    try:
        return format_of(storage, key) is not None
    except NotFound:
        return False


def is_image(storage: Storage, key: str) -> bool:
    """Whether the object is an image of its dataset, by its name or its first bytes. Blocks."""
    return is_image_name(key) or (not is_document_name(key) and has_image_content(storage, key))


def iter_images(
    storage: Storage, folder: str, stop: StopCheck = never_stopped
) -> Iterator[ObjectStat]:
    """All images of a dataset's folder, ordered by key. Used by lists, validation and exports, so
    that they see the same images. Blocks."""
    for stat in storage.list(folder):
        stop()
        name = stat.key[len(folder) + 1 :]
        if is_hidden(name) or (is_area(folder) and "/" in name):
            continue
        if is_image(storage, stat.key):
            yield stat


def iter_left_out(
    storage: Storage, folder: str, stop: StopCheck = never_stopped
) -> Iterator[SkippedFile]:
    """Files in a dataset's folder that do not belong to it: neither images nor sidecars nor
    documents, and files with names that are not valid keys. Blocks."""
    for stat in storage.list(folder):
        stop()
        name = stat.key[len(folder) + 1 :]
        if is_hidden(name) or (is_area(folder) and "/" in name):
            continue
        known = classify(name) is not None or is_document_name(name)
        if not known and not has_image_content(storage, stat.key):
            yield SkippedFile(name, NO_IMAGE)
    for name in storage.list_refused(folder):
        if not is_hidden(name) and not (is_area(folder) and "/" in name):
            yield SkippedFile(name, REFUSED_NAME)

"""Where the things of a dataset lie.

    generated/<dataset>/<id>.png             the image, written once
    generated/<dataset>/<id>.json            its recipe, written once
    generated/<dataset>/<id>.png.quality.json    verdicts, replaced when judged again
    generated/<dataset>/<id>.png.privacy.json
    generated/<dataset>/<id>.png.review.json     what people say: rating, tags, accepted or rejected
    generated/<dataset>/<id>.png.description.json  of an upload: what its owner says it shows
    generated/<dataset>/<id>.coco.json .txt .xml   annotations (COCO, YOLO, Pascal VOC) of the user
    generated/<dataset>/.index/<writer>-<n>.jsonl  append-only shards: recipes and verdicts again

Images without a dataset lie directly in `generated/`, and their index in `generated/.index/`.

A sidecar belongs to the file whose whole name it carries (`a.jpg.json`), else to the images whose
name without suffix it carries (`a.json`): so `a.jpg` and `a.png` can each have their own.
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
NO_IMAGE = "not an image that we read"
REFUSED_NAME = "its name holds control characters or backslashes, or is too long: rename it"
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


def verdict_key(key: str, kind: VerdictKind) -> str:
    """Key of the verdict on the image `key`: "a/x.png" has "a/x.png.quality.json"."""
    return f"{key}.{kind}.json"


def review_key(key: str) -> str:
    """Key of the review of the image `key`."""
    return f"{key}.review.json"


def description_key(key: str) -> str:
    """Key of what the owner of the uploaded image `key` says of it."""
    return f"{key}.description.json"


def sidecar_key(key: str, suffix: str) -> str:
    """Key of a neighbor by the name without suffix: ("a/x.png", ".json") is "a/x.json"."""
    folder, slash, name = key.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}{slash}{stem}{suffix}"


def classify(name: str) -> tuple[str, FileKind] | None:
    """Kind of a file named relative to its dataset, and its name without the kind's suffix: of an
    image its stem, of a sidecar the image's name or stem. None for what is none of ours."""
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
    """An image's name without its suffix; a name without an image's suffix as it is."""
    return name.rpartition(".")[0] if is_image_name(name) else name


def is_area(folder: str) -> bool:
    """Whether the folder is an area itself ("generated"): as a dataset it is the images directly
    in it, because the folders in it are datasets of their own."""
    return "/" not in folder


def format_of(storage: Storage, key: str) -> str | None:
    """Format that a file's first bytes announce, in Pillow's names; None for no image that we
    read. Blocks."""
    return sniff(storage.read(key, 0, _SNIFFED_BYTES))


def has_image_content(storage: Storage, key: str) -> bool:
    """Whether a file whose name does not say so begins like an image; what went away meanwhile
    does not. Blocks."""
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
    """Every image of a dataset's folder, ordered by key: the same set for lists, validation and
    exports. Blocks; raises what `stop` raises."""
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
    """What lies in a dataset's folder and is no part of it: files that are neither images nor
    about images, then those whose names the storage does not take. Blocks."""
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

"""Reading what a record needs beyond the index: bytes, header, hash, annotations."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import orjson

from engines.datasets.records.record import FileFacts
from engines.errors import InvalidImage, NotFound
from engines.images import probe

if TYPE_CHECKING:
    from engines.datasets.layout import AnnotationKind
    from engines.datasets.records.reading import DatasetRecord
    from engines.errors import JsonValue
    from engines.images import ImageLimits
    from engines.protocols import Storage


class Loaded(NamedTuple):
    """A record with what was read. `failure` says in words why the image cannot be exported."""

    record: DatasetRecord
    facts: FileFacts | None
    content: bytes | None
    annotations: dict[str, JsonValue]
    failure: str | None = None


class RecordReader:
    """Reads one record; safe to share between threads."""

    def __init__(
        self, storage: Storage, limits: ImageLimits, with_content: bool, with_annotations: bool
    ) -> None:
        self._storage = storage
        self._limits = limits
        self._with_content = with_content
        self._with_annotations = with_annotations

    def needs_reads(self, record: DatasetRecord) -> bool:
        """Whether `load` touches the storage."""
        known = record.recipe is not None and record.recipe.file_sha256 is not None
        return self._with_content or not known or self._annotated(record)

    def load(self, record: DatasetRecord) -> Loaded:
        """Never raises for what is wrong with this image alone; `StorageFailed` comes through."""
        try:
            return self._load(record)
        except InvalidImage as error:
            return Loaded(record, None, None, {}, f"not an image we take: {error.message}")
        except NotFound:
            return Loaded(record, None, None, {}, "deleted while it was exported")

    def _load(self, record: DatasetRecord) -> Loaded:
        facts = facts_of_recipe(record)
        content: bytes | None = None
        if self._with_content or facts is None:
            if record.stat.size_bytes > self._limits.max_bytes:
                return Loaded(record, None, None, {}, "larger than the limit")
            content = self._storage.read(record.stat.key)
            digest = hashlib.sha256(content).hexdigest()
            if facts is not None and digest != facts.sha256:
                return Loaded(record, None, None, {}, "damaged: not the file that was recorded")
            facts = facts or self._probe(content, digest)
        annotations = self._annotations(record) if self._with_annotations else {}
        return Loaded(record, facts, content if self._with_content else None, annotations)

    def _probe(self, content: bytes, digest: str) -> FileFacts:
        info = probe(content, self._limits)
        return FileFacts(info.format, info.width, info.height, digest)

    def _annotated(self, record: DatasetRecord) -> bool:
        return self._with_annotations and not record.sidecars.keys().isdisjoint(_ANNOTATIONS)

    def _annotations(self, record: DatasetRecord) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        for kind in _ANNOTATIONS:
            if (stat := record.sidecars.get(kind)) is not None:
                found[kind] = _annotation(kind, self._storage.read(stat.key))
        return found


_ANNOTATIONS: tuple[AnnotationKind, ...] = ("coco", "yolo", "voc")


def _annotation(kind: str, content: bytes) -> JsonValue:
    if kind != "coco":
        return content.decode("utf-8", "replace")
    try:
        parsed: JsonValue = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {"unreadable": content.decode("utf-8", "replace")}
    return parsed if isinstance(parsed, dict) else {"value": parsed}


def facts_of_recipe(record: DatasetRecord) -> FileFacts | None:
    """What the recipe already knows of the file; None where it must be read."""
    recipe = record.recipe
    if recipe is None or recipe.file_sha256 is None:
        return None
    size = recipe.parameters
    return FileFacts("PNG", size.width, size.height, recipe.file_sha256)

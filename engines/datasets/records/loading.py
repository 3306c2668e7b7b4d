"""Reads the parts of a record that are not in the index: bytes, header, hash, annotations."""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import orjson

from engines.datasets.records.facts import FileFacts
from engines.errors import InvalidImage, NotFound
from engines.images import verify

if TYPE_CHECKING:
    from engines.datasets.records.reading import DatasetRecord
    from engines.datasets.store.layout import AnnotationKind
    from engines.errors import JsonValue
    from engines.images import ImageInfo, ImageLimits
    from engines.protocols import Storage


Verify = Callable[["bytes", "ImageLimits"], "ImageInfo"]
"""Decodes an image of others; `InvalidImage` where it does not decode. Blocks."""


class Loaded(NamedTuple):
    """A record with what was read. If the image cannot be exported, `failure` has the reason."""

    record: DatasetRecord
    facts: FileFacts | None
    content: bytes | None
    annotations: dict[str, JsonValue]
    failure: str | None = None
    fresh: bool = False
    """Whether the facts were read now, of an image that we did not make: worth remembering."""


class RecordReader:
    """Reads one record; safe to share between threads.

    An image that we did not make is decoded once, so that no reader of the export meets a damaged
    one; one that we made is known by its hash.
    """

    def __init__(
        self,
        storage: Storage,
        limits: ImageLimits,
        with_content: bool,
        with_annotations: bool,
        verify: Verify = verify,
    ) -> None:
        self._storage = storage
        self._limits = limits
        self._check = verify
        self._with_content = with_content
        self._with_annotations = with_annotations

    def needs_reads(self, record: DatasetRecord) -> bool:
        """Whether `load` reads from the storage."""
        return self._with_content or facts_of(record) is None or self._annotated(record)

    def load(self, record: DatasetRecord) -> Loaded:
        """Never raises for what is wrong with this image alone; `StorageFailed` comes through."""
        try:
            return self._load(record)
        except InvalidImage as error:
            return Loaded(record, None, None, {}, f"not an image we take: {error.message}")
        except NotFound:
            return Loaded(record, None, None, {}, "deleted while it was exported")

    def _load(self, record: DatasetRecord) -> Loaded:
        facts, fresh = facts_of(record), False
        content: bytes | None = None
        if self._with_content or facts is None:
            if record.stat.size_bytes > self._limits.max_bytes:
                return Loaded(record, None, None, {}, "larger than the limit")
            content = self._storage.read(record.stat.key)
            digest = hashlib.sha256(content).hexdigest()
            if facts is None or facts.sha256 != digest:
                if record.recipe is not None and facts is not None:
                    return Loaded(record, None, None, {}, "damaged: not the file that was recorded")
                facts, fresh = self._verify(content, digest), record.recipe is None
        annotations = self._annotations(record) if self._with_annotations else {}
        kept = content if self._with_content else None
        return Loaded(record, facts, kept, annotations, fresh=fresh)

    def _verify(self, content: bytes, digest: str) -> FileFacts:
        info = self._check(content, self._limits)
        return FileFacts(info.format, *info.upright_size, digest)

    def _annotated(self, record: DatasetRecord) -> bool:
        return self._with_annotations and not record.sidecars.keys().isdisjoint(_ANNOTATIONS)

    def _annotations(self, record: DatasetRecord) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        for kind in _ANNOTATIONS:
            if (stat := record.sidecars.get(kind)) is not None:
                found[kind] = annotation_of(kind, self._storage.read(stat.key))
        return found


_ANNOTATIONS: tuple[AnnotationKind, ...] = ("coco", "yolo", "voc")


def annotation_of(kind: AnnotationKind, content: bytes) -> JsonValue:
    """The content of an annotation file: parsed for COCO, otherwise as text."""
    if kind != "coco":
        return content.decode("utf-8-sig", "replace")
    try:
        parsed: JsonValue = orjson.loads(content.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        return {"unreadable": content.decode("utf-8", "replace")}
    return parsed if isinstance(parsed, dict) else {"value": parsed}


def facts_of(record: DatasetRecord) -> FileFacts | None:
    """The facts about the file from the recipe or the index; None if it must be read."""
    recipe = record.recipe
    if recipe is None:
        return record.facts
    if recipe.file_sha256 is None:
        return None
    size = recipe.parameters
    return FileFacts("PNG", size.width, size.height, recipe.file_sha256)

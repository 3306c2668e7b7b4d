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
"""Decodes an image completely. Raises `InvalidImage` if that fails. Blocks."""


class Loaded(NamedTuple):
    """A record, and the data read for it. If the image cannot be exported, `failure` is the
    reason."""

    record: DatasetRecord
    facts: FileFacts | None
    content: bytes | None
    annotations: dict[str, JsonValue]
    failure: str | None = None
    fresh: bool = False
    """Whether the facts of an uploaded image were read now, so that they should be stored in the
    index."""


class RecordReader:
    """Reads the data of one record at a time. Threads may share it.

    An image that was not generated here is decoded once, so that exports contain no damaged images.
    A generated image is checked by its hash instead.
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
        """Read the record's data. Problems of this image are returned in `failure`; raises
        `StorageFailed`."""
        try:
            return self._load(record)
        except InvalidImage as error:
            return Loaded(record, None, None, {}, f"not a supported image: {error.message}")
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
                    return Loaded(
                        record, None, None, {}, "damaged: its SHA-256 is not the recorded one"
                    )
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

"""Store changed copies of images, with their lineage: from which file they were made, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.datasets.recipes.recipe import Recipe
from engines.datasets.store.layout import sidecar_key
from engines.errors import Conflict, InferloopError, NotFound
from engines.images.containers import sniff
from engines.images.formats.png import without_mark

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.protocols import Storage


SOURCE_KEY = "source_key"
"""Field of a lineage: storage key of the original."""
SOURCE_IS_SYNTHETIC = "source_is_synthetic"
"""Field of a lineage: whether the original was generated here."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of an image, for the mark of the copy."""

    operation: str
    parent_sha256: str
    """SHA-256, hex, of the original file."""
    parent_media_type: str
    parent_is_synthetic: bool
    """Whether the original was generated here, or is a copy of such an image."""


def edit_of(storage: Storage, key: str, content: bytes, operation: str) -> Edit:
    """The change `operation` of the image `key` with the file `content`. Blocks: reads the image's
    sidecars."""
    digest = hashlib.sha256(content).hexdigest()
    kind = sniff(content) or "octet-stream"
    return Edit(operation, digest, f"image/{kind.lower()}", _is_ours(storage, key, digest))


def _is_ours(storage: Storage, key: str, digest: str) -> bool:
    try:
        beside = json.loads(storage.read(sidecar_key(key, ".json")))
    except (NotFound, ValueError):
        return False
    if isinstance(beside, dict) and SOURCE_IS_SYNTHETIC in beside:
        return beside[SOURCE_IS_SYNTHETIC] is True
    try:
        return Recipe.from_dict(beside).file_sha256 == digest
    except ValueError:
        return False


def keep_copy(storage: Storage, key: str, png: bytes, lineage: Mapping[str, JsonValue]) -> None:
    """Store the image `png` as `key`, with its lineage beside it. Blocks.

    The lineage is written first, so that a crash leaves no copy without lineage. A repeated call
    accepts the files that the first one wrote, although their marks differ.

    Raises:
        Conflict: another file has one of the two names.
        InsufficientStorage: there is no room; nothing is stored.
    """
    beside = sidecar_key(key, ".json")
    _put_same(storage, beside, json.dumps(lineage, indent=2).encode())
    try:
        _put_same(storage, key, png)
    except InferloopError:
        storage.delete(beside)
        raise


def _put_same(storage: Storage, key: str, content: bytes) -> None:
    try:
        storage.put_new(key, content)
    except Conflict:
        if without_mark(storage.read(key)) != without_mark(content):
            raise

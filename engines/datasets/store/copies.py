"""A copy of an image that was changed: the picture, and beside it what it was made from."""

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


SOURCE_IS_SYNTHETIC = "source_is_synthetic"
"""Field of a lineage."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What was done to an image, for the mark of the copy."""

    operation: str
    parent_sha256: str
    """SHA-256, hex, of the file that it was done to."""
    parent_media_type: str
    parent_is_synthetic: bool
    """Whether that file was generated here, or is a copy of one that was."""


def edit_of(storage: Storage, key: str, content: bytes, operation: str) -> Edit:
    """`operation` done to the image `key`, whose file is `content`. Reads what lies beside it."""
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
    """Store the image `png` as `key` with its lineage beside it, or nothing. Blocks.

    The lineage goes first, so that a crash half-way leaves no image that does not tell where it
    comes from. A repetition (the first try's process died) finds what that one wrote, under a mark
    of its own.

    Raises:
        Conflict: another file has one of the two names.
        InsufficientStorage: no room for one of them.
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

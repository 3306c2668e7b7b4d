"""A copy of an image that was changed: the picture, and beside it what it was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engines.datasets.layout import sidecar_key
from engines.errors import Conflict, InferloopError

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.protocols import Storage


def keep_copy(storage: Storage, key: str, png: bytes, lineage: Mapping[str, JsonValue]) -> None:
    """Store the image `png` as `key` with its lineage beside it, or nothing. Blocks.

    The lineage goes first, so that a crash half-way leaves no image that does not tell where it
    comes from. A repetition (the first try's process died) finds what that one wrote.

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
        if storage.read(key) != content:
            raise

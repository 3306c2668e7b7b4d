"""Store uploaded images in datasets, with their descriptions."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from engines.datasets.records.facts import FileFacts
from engines.datasets.sidecars.descriptions import Description
from engines.datasets.store.layout import dataset_key, description_key
from engines.errors import Conflict, InferloopError
from engines.types.image_formats import SUFFIX_BY_FORMAT

if TYPE_CHECKING:
    from engines.datasets.store.store import DatasetStore
    from engines.images import ImageInfo
    from engines.types import ObjectStat
    from engines.types.datasets.datasets import DatasetUpload

_DIGEST_CHARS = 32
"""Hexadecimal digits of the SHA-256 in an image's name."""


def keep_upload(store: DatasetStore, content: bytes, info: ImageInfo, upload: DatasetUpload) -> str:
    """Store an uploaded image, which `images.verify` has accepted (`info`); returns its key.
    Blocks.

    Its name is a digest of its content. If the same file is uploaded again, the new description
    replaces the old one. The description is written first, so that a crash leaves no image without
    a description.

    Raises:
        Conflict: the dataset would be new, and another one has this name in another case.
        InsufficientStorage: there is no room; nothing is stored.
    """
    digest = hashlib.sha256(content).hexdigest()
    name = f"upload_{digest[:_DIGEST_CHARS]}{SUFFIX_BY_FORMAT.get(info.format, '.img')}"
    key = f"{dataset_key(upload.dataset)}/{name}"
    store.begin(key)
    said = Description(name, upload.prompt, dict(upload.labels), store.clock())
    beside, is_first = _describe(store, key, said)
    try:
        stat = store.storage.put_new(key, content)
    except Conflict:
        stat = store.storage.stat(key)
    except InferloopError:
        if is_first:
            store.storage.delete(description_key(key))
        raise
    facts = FileFacts(info.format, *info.upright_size, digest)
    store.record_upload(key, said, beside.etag, facts, stat.etag)
    return key


def _describe(store: DatasetStore, key: str, said: Description) -> tuple[ObjectStat, bool]:
    """Store the description, replacing an older one; returns whether there was none."""
    beside = description_key(key)
    try:
        return store.storage.put_new(beside, said.to_json()), True
    except Conflict:
        return store.storage.replace(beside, said.to_json()), False

"""Delete an image with its sidecars, or an export with its cards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engines.datasets.cards.files import files_of_card
from engines.datasets.evidence_folder import forget_reports
from engines.datasets.store.layout import SIDECAR_SUFFIXES, dataset_of, sidecar_key
from engines.datasets.writers.lock import refuse_if_locked
from engines.errors import NotFound
from engines.types.image_formats import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from engines.datasets.store.store import DatasetStore
    from engines.protocols import Storage

CARD_NAMES = ("README.md", "croissant.json", "features.json")


def delete_image(store: DatasetStore, key: str) -> tuple[str, ...]:
    """Remove the image `key` with its recipe, verdicts and annotations; returns the removed keys.
    Stored reports on its dataset are removed too, because they may show the image. Blocks.

    The image is removed first, so that a crash leaves only sidecars without an image, which are not
    listed. If another image has the same name without suffix ("a.png", "a.jpg"), the sidecars that
    belong to both are kept. Works on a full disk.

    Raises:
        NotFound: there is no such image.
    """
    storage = store.storage
    storage.stat(key)
    storage.delete(key)
    removed = [key]
    beside = [key + suffix for suffix in SIDECAR_SUFFIXES]
    if not any(_exists(storage, sidecar_key(key, suffix)) for suffix in _spellings()):
        beside += [sidecar_key(key, suffix) for suffix in SIDECAR_SUFFIXES]
    for each in beside:
        if _exists(storage, each):
            storage.delete(each)
            removed.append(each)
    store.record_removal(key)
    forget_reports(storage, dataset_of(key))
    return tuple(removed)


def delete_export(store: DatasetStore, key: str) -> tuple[str, ...]:
    """Remove the export `key`, a file with its cards or a folder of shards; returns the removed
    keys. If that fails in between, it can be repeated. Blocks.

    Raises:
        NotFound: there is no such export.
        Conflict: an export to this target is running.
    """
    storage = store.storage
    refuse_if_locked(storage, key, store.clock)
    removed = list(_file_and_cards(storage, key)) or [s.key for s in storage.list(key)]
    if not removed:
        raise NotFound("export", key)
    for each in removed:
        storage.delete(each)
    return tuple(removed)


def _file_and_cards(storage: Storage, key: str) -> Iterator[str]:
    split_files = files_of_card(storage, key)
    if _exists(storage, key) or split_files:
        cards = [f"{key}.{name}" for name in CARD_NAMES]
        every = dict.fromkeys([key, *split_files, *cards])
        yield from filter(lambda each: _exists(storage, each), every)


def _spellings() -> Iterator[str]:
    for suffix in IMAGE_SUFFIXES:
        yield suffix
        yield suffix.upper()


def _exists(storage: Storage, key: str) -> bool:
    try:
        storage.stat(key)
    except NotFound:
        return False
    return True

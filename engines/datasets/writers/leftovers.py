"""Removes what exporters left when they crashed: temporary files, and runs of shards that are in
no manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engines.datasets.writers.lock import LEASE_S, LOCK_FOLDER, hold_lock
from engines.datasets.writers.webdataset import remove_runs, valid_run
from engines.errors import Conflict, NotFound
from engines.storage.folder.storage import FolderStorage

if TYPE_CHECKING:
    from engines.datasets.store.store import UtcClock
    from engines.protocols import Storage


def sweep_target(storage: Storage, target: str, with_runs: bool = True) -> int:
    """Remove the files that a crashed export to `target` left. Returns their number.

    Only the holder of the target's lock may call this. `with_runs`: also remove runs of shards,
    because the target may be a folder of shards.
    """
    removed = remove_runs(storage, target, valid_run(storage, target)) if with_runs else 0
    if isinstance(storage, FolderStorage):
        folder = target.rpartition("/")[0]
        removed += storage.sweep_temporary(folder=folder, deep=False)
        removed += storage.sweep_temporary(folder=target)
    return removed


def sweep_dead_exports(storage: Storage, clock: UtcClock, ttl_s: float = LEASE_S) -> int:
    """Remove the locks of crashed exports, and the files that these exports left. Returns the
    number of removed files. Safe while other exports run."""
    removed = 0
    for stat in list(storage.list(LOCK_FOLDER)):
        target = _target(storage, stat.key)
        if target is None:
            continue
        try:
            with hold_lock(storage, target, clock, ttl_s):
                removed += 1 if "://" in target else 1 + sweep_target(storage, target)
        except Conflict:  # that export is still running
            continue
    return removed


def _target(storage: Storage, key: str) -> str | None:
    """The target that the lock protects. None if the lock is gone or damaged."""
    try:
        return str(orjson.loads(storage.read(key))["target"])
    except (NotFound, ValueError, KeyError, TypeError):
        return None

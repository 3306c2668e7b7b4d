"""What exporters that died left behind: temporary files, runs of shards that no manifest names."""

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
    """Remove what an export to `target` left that died; returns how many files. `with_runs`: the
    target is perhaps a folder of shards. Only for the holder of its lock."""
    removed = remove_runs(storage, target, valid_run(storage, target)) if with_runs else 0
    if isinstance(storage, FolderStorage):
        folder = target.rpartition("/")[0]
        removed += storage.sweep_temporary(folder=folder, deep=False)
        removed += storage.sweep_temporary(folder=target)
    return removed


def sweep_dead_exports(storage: Storage, clock: UtcClock, ttl_s: float = LEASE_S) -> int:
    """Remove the locks that nobody holds any more and what their exports left; returns how many
    files. Safe beside running exports."""
    removed = 0
    for stat in list(storage.list(LOCK_FOLDER)):
        target = _target(storage, stat.key)
        if target is None:
            continue
        try:
            with hold_lock(storage, target, clock, ttl_s):
                removed += 1 if "://" in target else 1 + sweep_target(storage, target)
        except Conflict:  # it lives
            continue
    return removed


def _target(storage: Storage, key: str) -> str | None:
    """What the lock is for; None for a lock that is gone or damaged."""
    try:
        return str(orjson.loads(storage.read(key))["target"])
    except (NotFound, ValueError, KeyError, TypeError):
        return None

"""Cache the summaries of datasets, so that lists need not count 100,000 images each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.datasets.store.layout import INDEX_FOLDER
from engines.protocols import Clock, StopCheck
from engines.types import DatasetSummary

if TYPE_CHECKING:
    from engines.protocols import Storage

MAX_AGE_S = 60.0
"""Age at which a summary is counted again even without a known change, because files may have been
copied to the dataset by hand."""
COSTLY_S = 1.0
REST_FACTOR = 5.0
"""A summary that took longer than `COSTLY_S` seconds is used for this many times that duration,
even if the dataset changes. Otherwise a growing dataset would be counted all the time."""
_LOOK_EVERY_S = 0.2
"""How often a waiting thread checks whether its work was stopped, seconds."""

Version = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    version: Version
    summary: DatasetSummary
    counted_at: float
    took_s: float


class SummaryCache:
    """A cache of summaries. If two threads ask for the same dataset, it is counted once."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(
        self,
        name: str,
        version: Callable[[], Version],
        count: Callable[[], DatasetSummary],
        stop: StopCheck,
    ) -> DatasetSummary:
        """The cached summary if `version()` has not changed, else the result of `count()`."""
        with self._lock:
            counting = self._locks.setdefault(name, threading.Lock())
        while not counting.acquire(timeout=_LOOK_EVERY_S):
            stop()
        try:
            return self._get(name, version, count)
        finally:
            counting.release()

    def _get(
        self, name: str, version: Callable[[], Version], count: Callable[[], DatasetSummary]
    ) -> DatasetSummary:
        kept, now = self._kept.get(name), self._clock()
        if kept is not None and now - kept.counted_at < _rest_s(kept.took_s):
            return kept.summary
        # Read the version first, so that changes during counting cause another count.
        current = version()
        if kept is not None and kept.version == current and now - kept.counted_at < MAX_AGE_S:
            return kept.summary
        try:
            summary = count()
        except BaseException:
            self._kept.pop(name, None)
            raise
        self._kept[name] = _Kept(current, summary, now, self._clock() - now)
        return summary


def _rest_s(took_s: float) -> float:
    return min(MAX_AGE_S, took_s * REST_FACTOR) if took_s > COSTLY_S else 0.0


def version_of(storage: Storage, folder: str) -> Version:
    """A value that changes when the service writes to the dataset and, in a folder, also when a
    file is copied directly into it. Lists only the index, not the images. Blocks."""
    shards = tuple((s.key, s.etag) for s in storage.list(f"{folder}/{INDEX_FOLDER}"))
    return (storage.folder_version(folder), *shards)

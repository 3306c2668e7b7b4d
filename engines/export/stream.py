"""The stream of records of one export: filtered, read ahead, counted, reported."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from engines.export.model import ExportProgress, OnProgress, Tally
from engines.export.reading import Loaded, RecordReader
from engines.export.record import Record, RecordShape, make_record
from engines.export.selection import passes
from engines.storage.read_ahead import ordered_map

if TYPE_CHECKING:
    from engines.export.config import ExportConfig
    from engines.export.lock import ExportLock
    from engines.storage.datasets import DatasetSnapshot
    from engines.storage.records import DatasetRecord
    from engines.types import ExportFilter

PROGRESS_EVERY = 100
"""Images between two reports."""


class SelectedRecords:
    """The records that a filter takes; keeps the lock alive and reports on the way."""

    def __init__(
        self,
        snapshot: DatasetSnapshot,
        wanted: ExportFilter,
        lock: ExportLock,
        on_progress: OnProgress | None,
    ) -> None:
        self._snapshot = snapshot
        self._wanted = wanted
        self._lock = lock
        self._on_progress = on_progress

    def __iter__(self) -> Iterator[DatasetRecord]:
        total = self._snapshot.count()
        for done, record in enumerate(self._snapshot.records(), 1):
            if passes(self._wanted, record):
                yield record
            if done % PROGRESS_EVERY == 0 or done == total:
                self._lock.renew()
                if self._on_progress is not None:
                    self._on_progress(ExportProgress(done, total))


class RecordStream:
    """Yields each record with the bytes of its image (None where the format has no use for
    them); images that cannot be exported are counted in `tally`, with their reasons."""

    def __init__(
        self,
        selected: SelectedRecords,
        reader: RecordReader,
        shape: RecordShape,
        config: ExportConfig,
        pool: Executor,
    ) -> None:
        self.tally = Tally()
        self._selected = selected
        self._reader = reader
        self._shape = shape
        self._config = config
        self._pool = pool

    def __iter__(self) -> Iterator[tuple[Record, bytes | None]]:
        for loaded in self._loaded():
            if loaded.facts is None:
                reason = loaded.failure or "not readable"
                key = loaded.record.stat.key
                self.tally.fail(key, reason, self._config.max_failures_listed)
                continue
            record = make_record(self._shape, loaded.record, loaded.facts, loaded.annotations)
            self.tally.take(record)
            yield record, loaded.content

    def _loaded(self) -> Iterator[Loaded]:
        return ordered_map(
            self._pool,
            self._selected,
            self._reader.load,
            self._reader.needs_reads,
            self._config.read_ahead,
        )

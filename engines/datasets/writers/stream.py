"""The stream of records of one export. It filters, reads ahead, counts and reports progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from engines.datasets.records.loading import Loaded, RecordReader
from engines.datasets.records.record import Record, RecordShape, make_record
from engines.datasets.selection import missed
from engines.datasets.writers.model import OnProgress, Tally
from engines.storage.read_ahead import ordered_map
from engines.types import SKIPPED_NAMED, ExportProgress

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.records.facts import FileFacts
    from engines.datasets.records.reading import DatasetRecord
    from engines.datasets.store.store import DatasetSnapshot
    from engines.datasets.writers.lock import ExportLock
    from engines.types import ExportFilter

BATCH_IMAGES, BATCH_BYTES = 16, 2**20
"""A batch of images, which one thread reads, ends with this many images or this many bytes."""
REMEMBERED_TOGETHER = 200
"""Number of images whose facts are written to the index together. On S3 each write replaces a whole
shard of the index."""
PROGRESS_EVERY = 20
"""Number of images between two reports. The first and the last image are reported too."""


Remember = Callable[[Sequence[tuple["DatasetRecord", "FileFacts"]]], None]
"""Stores the facts of image files that were read for the first time."""


class Progress:
    """Counts the images that are finished. Renews the lock and reports the progress."""

    def __init__(self, total: int, lock: ExportLock, on_progress: OnProgress | None) -> None:
        self._done, self._total = 0, total
        self._lock = lock
        self._on_progress = on_progress

    def advance(self) -> None:
        """Count one more image that was exported or left out."""
        self._done += 1
        if self._done % PROGRESS_EVERY == 0 or self._done in (1, self._total):
            self._lock.renew()
            if self._on_progress is not None:
                self._on_progress(ExportProgress(self._done, self._total))


class SelectedRecords:
    """The records that match a filter.

    `filtered` counts the others by the criterion that they missed, and advances `progress` for
    each of them. The caller advances `progress` for the records that match.
    """

    def __init__(self, snapshot: DatasetSnapshot, wanted: ExportFilter, progress: Progress) -> None:
        self.progress = progress
        self._snapshot = snapshot
        self._wanted = wanted
        self.filtered: Counter[str] = Counter()

    def __iter__(self) -> Iterator[DatasetRecord]:
        for record in self._snapshot.records():
            criterion = missed(self._wanted, record)
            if criterion is None:
                yield record
            else:
                self.filtered[criterion] += 1
                self.progress.advance()

    def strangers(self) -> Iterator[tuple[str, str]]:
        """See `DatasetSnapshot.strangers`."""
        return self._snapshot.strangers()


class RecordStream:
    """Yields each record with the bytes of its image file (None if the format does not need them).

    Files that cannot be exported are counted in `tally` with their reasons. `remember` gets the
    facts of files that the index did not know, several at a time.
    """

    def __init__(
        self,
        selected: SelectedRecords,
        reader: RecordReader,
        shape: RecordShape,
        config: ExportConfig,
        pool: Executor,
        remember: Remember,
    ) -> None:
        self.tally = Tally()
        self._remember = remember
        self._fresh: list[tuple[DatasetRecord, FileFacts]] = []
        self._selected = selected
        self._reader = reader
        self._shape = shape
        self._config = config
        self._pool = pool

    def __iter__(self) -> Iterator[tuple[Record, bytes | None]]:
        for loaded in self._loaded():
            if loaded.facts is None:
                self._skip(loaded.record.name, loaded.failure or "not readable")
            else:
                if loaded.fresh:
                    self._keep(loaded.record, loaded.facts)
                record = make_record(self._shape, loaded.record, loaded.facts, loaded.annotations)
                self.tally.take(record)
                yield record, loaded.content
            self._selected.progress.advance()
        self._flush()
        for name, reason in self._selected.strangers():
            self._skip(name, reason)

    def _skip(self, name: str, reason: str) -> None:
        self.tally.fail(name, reason, SKIPPED_NAMED)

    def _keep(self, record: DatasetRecord, facts: FileFacts) -> None:
        self._fresh.append((record, facts))
        if len(self._fresh) >= REMEMBERED_TOGETHER:
            self._flush()

    def _flush(self) -> None:
        if self._fresh:
            self._remember(self._fresh)
            self._fresh = []

    def _loaded(self) -> Iterator[Loaded]:
        for batch in ordered_map(
            self._pool, self._batches(), self._load, self._needs_reads, self._config.read_ahead
        ):
            yield from batch

    def _batches(self) -> Iterator[list[DatasetRecord]]:
        """Batches for the reading threads. Small images are read several at a time, because giving
        one image to a thread costs as much as reading it."""
        batch: list[DatasetRecord] = []
        size_bytes = 0
        for record in self._selected:
            batch.append(record)
            size_bytes += record.stat.size_bytes
            if len(batch) == BATCH_IMAGES or size_bytes >= BATCH_BYTES:
                yield batch
                batch, size_bytes = [], 0
        if batch:
            yield batch

    def _load(self, batch: list[DatasetRecord]) -> list[Loaded]:
        return [self._reader.load(record) for record in batch]

    def _needs_reads(self, batch: list[DatasetRecord]) -> bool:
        return any(self._reader.needs_reads(record) for record in batch)

"""A dataset to a file or a folder of shards: streamed, atomic, one writer per target."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from engines.datasets.cards.files import write_cards
from engines.datasets.records.loading import RecordReader
from engines.datasets.records.record import PathOfKey, Record, RecordShape, relative_to
from engines.datasets.records.schema import Column, columns
from engines.datasets.selection import splitter
from engines.datasets.writers.formats import FileWriter, JsonlWriter, ParquetWriter
from engines.datasets.writers.hashed_file import HashedFile
from engines.datasets.writers.lock import ExportLock, hold_lock
from engines.datasets.writers.model import OnProgress, Tally, WrittenFile
from engines.datasets.writers.stream import Progress, RecordStream, SelectedRecords
from engines.datasets.writers.webdataset import WebDatasetWriter, publish_manifest
from engines.errors import InvalidPath
from engines.storage.folder.storage import FolderStorage
from engines.storage.keys import check_key
from engines.types import ExportReport

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.store import DatasetStore
    from engines.protocols import Storage
    from engines.types import ExportRequest

EXPORTS = "exports/"
_MIME = {"jsonl": "application/jsonlines", "parquet": "application/x-parquet"}
"""As Croissant writes them."""

Stream = Iterable[tuple[Record, bytes | None]]


class DatasetExporter:
    """Blocks; safe to share between threads.

    `path_of_key`: what the records' `image_path` says of a key (the path on the wire).
    """

    def __init__(
        self,
        storage: Storage,
        store: DatasetStore,
        config: ExportConfig,
        path_of_key: PathOfKey = str,
    ) -> None:
        self._storage = storage
        self._store = store
        self._config = config
        self._path_of_key = path_of_key
        # On a folder more threads pass Python's lock around; on S3 they wait for its answers.
        usual = 2 if isinstance(storage, FolderStorage) else 8
        self._read_workers = config.read_workers or usual

    def export(self, request: ExportRequest, on_progress: OnProgress | None = None) -> ExportReport:
        """Write the export; the old one stays until the new one is whole.

        Raises:
            NotFound: the dataset holds no image.
            Conflict: somebody else is writing this target.
            InvalidParameters: a target outside `exports/`, splits that make no sense.
            StorageFailed: disk full, S3 away; the old export is untouched.
        """
        check_target(request.output_key)
        shape = self._shape(request)
        reader = RecordReader(
            self._storage,
            self._config.images,
            with_content=request.format != "jsonl",
            with_annotations=request.include_annotations,
        )
        clock, ttl_s = self._store.clock, self._config.lock_ttl_s
        with (
            self._store.snapshot(request.dataset_key) as snapshot,
            hold_lock(self._storage, request.output_key, clock, ttl_s) as lock,
            ThreadPoolExecutor(self._read_workers, "export-read") as pool,
        ):
            progress = Progress(snapshot.count(), lock, on_progress)
            selected = SelectedRecords(snapshot, request.filter, progress)
            stream = RecordStream(selected, reader, shape, self._config, pool)
            files = self._write(request, stream, lock)
            self._write_cards(request, files, stream.tally)
        return _report(request, files, stream.tally)

    def _shape(self, request: ExportRequest) -> RecordShape:
        return RecordShape(
            dataset=request.dataset_key.rpartition("/")[2],
            include_metadata=request.include_metadata,
            include_annotations=request.include_annotations,
            path_of_key=self._path_of_key,
            name_of=relative_to(request.output_key, request.dataset_key),
            split_of=splitter(request.splits),
        )

    def _write(self, request: ExportRequest, stream: Stream, lock: ExportLock) -> list[WrittenFile]:
        if request.format == "webdataset":
            return self._write_shards(request.output_key, stream, lock)
        with self._storage.create(request.output_key) as file:
            hashed = HashedFile(file)
            count = _fill(self._file_writer(request, hashed), hashed, stream)
            lock.renew(force=True)  # raises, and nothing is published, if another took over
        name = request.output_key.rpartition("/")[2]
        mime = _MIME[request.format]
        return [WrittenFile(name, hashed.size_bytes, hashed.sha256, mime, count)]

    def _file_writer(self, request: ExportRequest, file: HashedFile) -> FileWriter:
        if request.format == "parquet":
            return ParquetWriter(file, _table(request), self._config)
        return JsonlWriter(file)

    def _write_shards(self, folder: str, stream: Stream, lock: ExportLock) -> list[WrittenFile]:
        run = f"run-{uuid.uuid4().hex[:12]}"
        with WebDatasetWriter(self._storage, folder, run, self._config.shard_bytes) as writer:
            for record, content in stream:
                writer.add(record, content)
            shards = writer.finish()
            lock.renew(force=True)
            publish_manifest(self._storage, folder, run, shards)
        return shards

    def _write_cards(self, request: ExportRequest, files: list[WrittenFile], tally: Tally) -> None:
        write_cards(self._storage, request, _table(request), files, tally, self._store.clock())


def _fill(writer: FileWriter, file: HashedFile, stream: Stream) -> int:
    """Write all of `stream`; returns how many records."""
    count = 0
    try:
        for record, content in stream:
            writer.add(record, content)
            count += 1
        writer.finish()
    except BaseException:
        file.abandon()
        writer.abandon()
        raise
    return count


def check_target(output_key: str) -> None:
    """Raise `InvalidPath` unless the target lies under `exports/`, and not among the locks."""
    name = check_key(output_key)
    if not name.startswith(EXPORTS) or name.startswith(f"{EXPORTS}."):
        reason = "must lie under exports/"
        raise InvalidPath.of("output_file", name, "exports/...", reason)


def _table(request: ExportRequest) -> tuple[Column, ...]:
    return columns(request.include_metadata, request.include_annotations)


def _report(request: ExportRequest, files: list[WrittenFile], tally: Tally) -> ExportReport:
    return ExportReport(
        exported_count=tally.exported,
        output_key=request.output_key,
        file_size_bytes=sum(file.size_bytes for file in files),
        failed_count=tally.failed,
        failures=tuple(tally.failures),
    )

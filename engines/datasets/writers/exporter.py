"""Exports a dataset to a file or a folder of shards. An export is streamed and atomic, and each
target has at most one writer at a time."""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from engines.datasets.cards.files import files_of_card, write_cards
from engines.datasets.records.loading import RecordReader, Verify
from engines.datasets.records.record import Record, RecordShape, relative_to
from engines.datasets.selection import by_cluster, splitter
from engines.datasets.writers.encoding.class_table import ClassTable, class_table, with_class_only
from engines.datasets.writers.formats import WITH_IMAGES, file_format, one_file, shards
from engines.datasets.writers.leftovers import sweep_target
from engines.datasets.writers.lock import ExportLock, hold_lock
from engines.datasets.writers.model import OnProgress, Tally, WrittenFile
from engines.datasets.writers.stream import Progress, RecordStream, SelectedRecords
from engines.datasets.writers.webdataset import publish_manifest
from engines.errors import InvalidParameters, InvalidPath
from engines.images import verify
from engines.storage.folder.storage import FolderStorage
from engines.storage.keys import check_key
from engines.types import ExportReport, SkippedFile

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.store.store import DatasetStore
    from engines.datasets.writers.files import Fence, RecordWriter
    from engines.protocols import Storage
    from engines.types import ExportFormat, ExportRequest

EXPORTS = "exports/"
ZIP_SUFFIX = ".zip"
FORMATS_OF_SUFFIX: Mapping[str, tuple[ExportFormat, ...]] = MappingProxyType(
    {
        ".jsonl": ("jsonl",),
        ".ndjson": ("jsonl",),
        ".json": ("jsonl", "coco"),
        ".parquet": ("parquet",),
        ".csv": ("csv",),
        ".tar": ("webdataset",),
        ZIP_SUFFIX: ("imagefolder",),
    }
)
"""Suffixes that say what is in a file, with the formats that may use them. Any format may use other
suffixes, or none."""
BY_LABELS = frozenset({"coco", "imagefolder"})
"""Formats that exist for the labels. They contain labels even without `include_metadata`."""

FindClusters = Callable[[str], Mapping[str, str]]
"""Takes the folder of a dataset. Returns, for each image id, the id that represents its cluster of
near-duplicates. Blocks for minutes if the dataset is large."""

Stream = Iterable[tuple[Record, bytes | None]]


class DatasetExporter:
    """Exports datasets. Its methods block. Safe to share between threads."""

    def __init__(
        self,
        storage: Storage,
        store: DatasetStore,
        config: ExportConfig,
        verify: Verify = verify,
        clusters: FindClusters | None = None,
    ) -> None:
        """`clusters` finds near-duplicates. Without it, `split_by="cluster"` is refused."""
        self._clusters = clusters
        self._verify = verify
        self._storage = storage
        self._store = store
        self._config = config
        # With a folder, more threads only compete for the interpreter lock. With S3, threads wait
        # for answers most of the time.
        usual = 2 if isinstance(storage, FolderStorage) else 8
        self._read_workers = config.read_workers or usual

    def export(self, request: ExportRequest, on_progress: OnProgress | None = None) -> ExportReport:
        """Write the export. An earlier export to the same target stays until this one is complete.

        If filters or damaged files leave no image, an empty export is written: the earlier one may
        contain images that were refused since.

        Raises:
            NotFound: the dataset has no images.
            Conflict: another export to this target is running.
            InvalidParameters: the target is outside `exports/`, or the splits are not valid.
            StorageFailed: the disk is full or S3 is unavailable; the earlier export is unchanged.
        """
        check_target(request.output_key, request.format)
        reader = RecordReader(
            self._storage,
            self._config.images,
            with_content=request.format in WITH_IMAGES,
            with_annotations=request.include_annotations,
            verify=self._verify,
        )
        clock, ttl_s = self._store.clock, self._config.lock_ttl_s
        with (
            self._store.snapshot(request.dataset_key) as snapshot,
            hold_lock(self._storage, request.output_key, clock, ttl_s) as lock,
            ThreadPoolExecutor(self._read_workers, "export-read") as pool,
        ):
            table = class_table(request, snapshot.classes())
            request = with_class_only(request, table)
            with_runs = request.format == "webdataset"
            sweep_target(self._storage, request.output_key, with_runs)
            progress = Progress(snapshot.count(), lock, on_progress)
            selected = SelectedRecords(snapshot, request.filter, progress)
            remember = partial(self._store.record_facts, request.dataset_key)
            shape = self._shape(request, table)
            stream = RecordStream(selected, reader, shape, self._config, pool, remember)
            before = files_of_card(self._storage, request.output_key)
            files = self._write(request, table, stream, lock)
            lock.renew(force=True)
            self._remove_others(request, before, files)
            now = self._store.clock()
            write_cards(self._storage, request, table, files, stream.tally, now)
        return _report(request, files, stream.tally, selected.filtered)

    def _shape(self, request: ExportRequest, table: ClassTable) -> RecordShape:
        return RecordShape(
            dataset=request.dataset_key.rpartition("/")[2],
            include_metadata=request.include_metadata or request.format in BY_LABELS,
            include_annotations=request.include_annotations,
            name_of=relative_to(request.output_key, request.dataset_key),
            split_of=self._split_of(request),
            labels=table.names if request.include_metadata else (),
        )

    def _split_of(self, request: ExportRequest) -> Callable[[str], str | None]:
        split_of = splitter(request.splits)
        if request.splits is None or request.split_by == "id":
            return split_of
        if self._clusters is None:
            reason = "must be id: this service does not search for near-duplicates"
            raise InvalidParameters.of("split_by", "cluster", "id", reason)
        return by_cluster(split_of, self._clusters(request.dataset_key))

    def _write(
        self, request: ExportRequest, table: ClassTable, stream: Stream, lock: ExportLock
    ) -> Sequence[WrittenFile]:
        run = f"run-{uuid.uuid4().hex[:12]}"
        # Raises before a file is published if another export has taken over the lock.
        fence = partial(lock.renew, force=True)
        with self._writer(request, table, run, fence) as writer:
            for record, content in stream:
                writer.add(record, content)
            files = writer.finish()
        if request.format == "webdataset":
            fence()
            publish_manifest(self._storage, request.output_key, run, files, table)
        return files

    def _remove_others(
        self, request: ExportRequest, before: Sequence[str], files: Sequence[WrittenFile]
    ) -> None:
        """Delete files of the last export to this target that this one did not write, such as files
        of splits that no longer exist."""
        folder = request.output_key.rpartition("/")[0]
        for key in set(before) - {f"{folder}/{file.name}" for file in files}:
            self._storage.delete(key)

    def _writer(
        self, request: ExportRequest, table: ClassTable, run: str, fence: Fence
    ) -> RecordWriter:
        config = self._config
        if request.splits:  # each split has a row group in memory
            fair_bytes = max(1, config.row_group_bytes // len(request.splits))
            config = config.model_copy(update={"row_group_bytes": fair_bytes})
        format_ = file_format(request.format, table.columns(request), config, table)
        if request.format == "webdataset":
            return shards(self._storage, request.output_key, run, format_, fence)
        return one_file(self._storage, request.output_key, format_, fence)


def check_target(output_key: str, format_: ExportFormat = "jsonl") -> None:
    """Raise `InvalidPath` unless the target is under `exports/` and is not a hidden file, such as a
    lock, and its name does not promise another format (`FORMATS_OF_SUFFIX`). A target of the format
    `imagefolder` must also end in ".zip"."""
    parameter = "output_dir" if format_ == "webdataset" else "output_file"
    name = check_key(output_key)
    if not name.startswith(EXPORTS) or name.startswith(f"{EXPORTS}."):
        reason = "must be under exports/"
        raise InvalidPath.of(parameter, name, "exports/...", reason)
    if format_ == "imagefolder" and not name.lower().endswith(ZIP_SUFFIX):
        reason = f"must end in {ZIP_SUFFIX}"
        raise InvalidPath.of(parameter, name, f"a name that ends in {ZIP_SUFFIX}", reason)
    suffix = posixpath.splitext(name)[1].lower()
    others = FORMATS_OF_SUFFIX.get(suffix, (format_,))
    if format_ not in others:
        reason = f"must not end in {suffix} ({' or '.join(others)}): the export is {format_}"
        raise InvalidPath.of(parameter, name, "a name without another format's suffix", reason)


def _report(
    request: ExportRequest,
    files: Sequence[WrittenFile],
    tally: Tally,
    filtered: Mapping[str, int],
) -> ExportReport:
    folder = request.output_key.rpartition("/")[0]
    by_file = request.format != "webdataset"
    return ExportReport(
        exported_count=tally.exported,
        output_key=request.output_key,
        split_keys={f.split: f"{folder}/{f.name}" for f in files if f.split and by_file},
        file_size_bytes=sum(file.size_bytes for file in files),
        skipped_count=tally.failed,
        skipped=tuple(SkippedFile(f.key, f.reason) for f in tally.failures),
        filtered=dict(filtered),
    )

"""Export a dataset to a bucket: parallel uploads in bounded memory, and a manifest of the uploaded
files, which is written last."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from posixpath import splitext
from typing import TYPE_CHECKING

from engines.datasets.records.loading import RecordReader, Verify
from engines.datasets.records.record import RecordShape
from engines.datasets.s3.bucket import RemoteBucket
from engines.datasets.s3.known import KnownObjects, open_known
from engines.datasets.s3.run import S3Run, open_spools
from engines.datasets.s3.sending import Boto3Sender
from engines.datasets.s3.upload import IMAGES, Outcome, Source, Task, Uploader
from engines.datasets.store.layout import format_of, stem_of
from engines.datasets.writers.encoding.names import needs_format, neutral_name
from engines.datasets.writers.lock import hold_lock
from engines.datasets.writers.model import OnProgress
from engines.datasets.writers.stream import Progress, SelectedRecords
from engines.errors import Forbidden, NotFound
from engines.images import verify
from engines.storage.read_ahead import ordered_map
from engines.storage.s3.faults import S3_ERRORS, refused_for_all, stops_all

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.records.reading import DatasetRecord
    from engines.datasets.s3.sending import SenderFactory
    from engines.datasets.store.store import DatasetStore
    from engines.datasets.writers.files import Fence
    from engines.protocols import Storage
    from engines.storage.s3.client import S3ClientFactory
    from engines.types import AllowedBuckets, S3ExportReport, S3ExportRequest
    from engines.types.datasets.labels import Classes


class S3Exporter:
    """Exports datasets to buckets. Blocks. Threads may share it.

    `client_factory` makes one client per export, which its threads share. `buckets`: the buckets
    that may be written. `senders` makes the sender for small objects. `scratch`: local folder for
    temporary files.
    """

    def __init__(
        self,
        client_factory: S3ClientFactory,
        storage: Storage,
        store: DatasetStore,
        config: ExportConfig,
        *,
        buckets: AllowedBuckets,
        scratch: Path | None = None,
        senders: SenderFactory = Boto3Sender,
        verify: Verify = verify,
    ) -> None:
        self._client_factory = client_factory
        self._buckets = buckets
        self._senders = senders
        self._verify = verify
        self._storage = storage
        self._store = store
        self._config = config
        self._scratch = scratch

    def export(
        self, request: S3ExportRequest, on_progress: OnProgress | None = None
    ) -> S3ExportReport:
        """Upload the dataset. The report lists files that failed.

        Raises:
            NotFound: the dataset has no images, or there is no such bucket.
            Forbidden: the bucket is not allowed or is the data root's, `public_read` is switched
                off, or access was denied.
            InvalidParameters: the bucket is in another region, or refuses the options.
            Conflict: another export to this prefix is running, or has taken the lock over; then no
                manifest is written.
            StorageFailed: S3 or the data root cannot be reached.
        """
        self._check_allowed(request)
        target = f"s3://{request.bucket_name}/{request.s3_prefix}"
        clock, ttl_s = self._store.clock, self._config.lock_ttl_s
        with (
            self._store.snapshot(request.dataset_key) as snapshot,
            hold_lock(self._storage, target, clock, ttl_s) as lock,
        ):
            progress = Progress(snapshot.count(), lock, on_progress)
            selected = SelectedRecords(snapshot, request.filter, progress)
            try:
                fence = partial(lock.renew, force=True)
                return self._run(request, selected, fence, snapshot.classes())
            except S3_ERRORS as error:
                raise stops_all(error, request.bucket_name, request.public_read) from None

    def _check_allowed(self, request: S3ExportRequest) -> None:
        self._buckets.check(request.bucket_name)
        if request.public_read and not self._config.s3.allow_public_read:
            raise Forbidden(
                "public_read is switched off on this service "
                "(export.s3.allow_public_read in its config)"
            )

    def _run(
        self,
        request: S3ExportRequest,
        selected: SelectedRecords,
        fence: Fence,
        classes: Classes,
    ) -> S3ExportReport:
        limits = self._config.s3
        client = self._client_factory(limits.workers)
        bucket = RemoteBucket(client, request, limits, self._senders(client, request))
        reader = RecordReader(
            self._storage,
            self._config.images,
            with_content=False,
            with_annotations=request.include_metadata,
            verify=self._verify,
        )
        uploader = Uploader(self._storage, bucket, reader, limits.multipart_bytes)
        with (
            open_known(bucket) as known,
            open_spools(self._scratch) as spools,
            ThreadPoolExecutor(limits.workers, "export-s3") as pool,
        ):
            shape = self._shape(request, tuple(classes))
            run = S3Run(request, bucket, shape, self._config, spools, classes)
            tasks = (self._task(record, known, request.include_metadata) for record in selected)
            for outcome in self._outcomes(tasks, uploader, run, pool):
                run.take(outcome)
                selected.progress.advance()
            for name, reason in selected.strangers():
                run.fail(f"{request.dataset_key}/{name}", reason)
            return run.finish(self._store.clock(), selected.filtered, fence)

    def _outcomes(
        self, tasks: Iterator[Task], uploader: Uploader, run: S3Run, pool: Executor
    ) -> Iterator[Outcome]:
        """Upload the first image alone: if the bucket refuses it for a reason that holds for every
        image (no rights, no such bucket), raise that instead of failing image by image."""
        first = next(tasks, None)
        if first is None:
            return
        outcome = uploader.run(first)
        if outcome.error is not None and refused_for_all(outcome.error):
            raise outcome.error
        yield outcome

        def work(task: Task) -> Outcome:
            if run.failed_in_a_row >= self._config.s3.max_failures_in_a_row:
                return Outcome(task.record, (), 0, failure="not tried: too many failures before")
            return uploader.run(task)

        yield from ordered_map(pool, tasks, work, lambda task: True, self._config.s3.max_in_flight)

    def _shape(self, request: S3ExportRequest, labels: tuple[str, ...]) -> RecordShape:
        return RecordShape(
            dataset=request.dataset_key.rpartition("/")[2],
            include_metadata=request.include_metadata,
            include_annotations=request.include_metadata,
            name_of=self._name_of,
            split_of=lambda image_id: None,
            labels=labels,
        )

    def _task(self, record: DatasetRecord, known: KnownObjects, with_sidecars: bool) -> Task:
        name = self._name_of(record)
        sha256 = record.recipe.file_sha256 if record.recipe else None
        sources = [Source(record.stat, name, known.find(name), sha256)]
        if with_sidecars:
            # Review files contain the reviewer's name; the rest of the review is in the record.
            shown = (stat for kind, stat in record.sidecars.items() if kind != "review")
            for stat in sorted(shown, key=lambda stat: stat.key):
                sidecar = _beside(name, record.name, stat.key.rpartition("/")[2])
                sources.append(Source(stat, sidecar, known.find(sidecar)))
        return Task(record, tuple(sources))

    def _name_of(self, record: DatasetRecord) -> str:
        """Name of an image in the bucket. Reads the beginning of the file if its name does not tell
        its format."""
        if not needs_format(record.name):
            return IMAGES + neutral_name(record.name, None)
        try:
            format_ = format_of(self._storage, record.stat.key)
        except NotFound:  # deleted meanwhile; its upload reports that
            format_ = None
        return IMAGES + neutral_name(record.name, format_)


def _beside(image: str, source: str, sidecar: str) -> str:
    """Name of a sidecar in the bucket. It begins with the name of the exported `image`, with or
    without suffix, just as `sidecar` begins with the name of `source`."""
    own = source.rpartition("/")[2]
    if sidecar.startswith(f"{own}."):
        return image + sidecar[len(own) :]
    return splitext(image)[0] + sidecar[len(stem_of(own)) :]

"""Uploads one image and its sidecars to the bucket.

An object that the bucket already has, with the same content and options, is not sent again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.datasets.s3.manifest import ManifestEntry
from engines.errors import InferloopError, NotFound, StorageFailed
from engines.storage.s3.faults import S3_ERRORS, reason_of

if TYPE_CHECKING:
    from engines.datasets.records.loading import Loaded, RecordReader
    from engines.datasets.records.reading import DatasetRecord
    from engines.datasets.s3.bucket import RemoteBucket
    from engines.datasets.s3.known import Known
    from engines.protocols import Storage
    from engines.types import ObjectStat

IMAGES = "images/"
_CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """A file in the data root, its name in the bucket, and the object that is there already."""

    stat: ObjectStat
    name: str
    known: Known | None
    sha256: str | None = None
    """From the recipe; None: to be computed from the file."""


@dataclass(frozen=True, slots=True)
class Task:
    """One image to upload with its sidecars; the image is the first of `sources`."""

    record: DatasetRecord
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a task. `entries` are in the bucket even if a later file failed."""

    record: DatasetRecord
    entries: tuple[ManifestEntry, ...]
    uploads: int
    """Number of objects that were sent; 0 if the bucket had all of them already."""
    loaded: Loaded | None = None
    failure: str | None = None
    error: Exception | None = None
    """The error of S3, if that was the reason."""


class Uploader:
    """Uploads images. Threads may share it."""

    def __init__(
        self, storage: Storage, bucket: RemoteBucket, reader: RecordReader, multipart_bytes: int
    ) -> None:
        self._storage = storage
        self._bucket = bucket
        self._reader = reader
        self._multipart_bytes = multipart_bytes

    def run(self, task: Task) -> Outcome:
        """Upload the image. Errors of this image or of S3 are in the outcome and are not raised."""
        entries: list[ManifestEntry] = []
        uploads = 0
        loaded = self._reader.load(task.record)
        if loaded.facts is None:
            return Outcome(task.record, (), 0, failure=loaded.failure)
        try:
            for source in task.sources:
                entry = self._present(source)
                if entry is None:
                    entry = self._upload(source)
                    uploads += 1
                entries.append(entry)
        except S3_ERRORS as error:
            return self._failed(task, entries, uploads, reason_of(error), error)
        except NotFound:
            reason = "deleted while it was exported"
            return self._failed(task, entries, uploads, reason, None)
        except InferloopError as error:
            return self._failed(task, entries, uploads, error.message, error)
        return Outcome(task.record, tuple(entries), uploads, loaded)

    def _failed(
        self,
        task: Task,
        entries: list[ManifestEntry],
        uploads: int,
        reason: str,
        error: Exception | None,
    ) -> Outcome:
        return Outcome(task.record, tuple(entries), uploads, None, reason, error)

    def _present(self, source: Source) -> ManifestEntry | None:
        """The manifest entry, if the bucket has the same content with the same options; else
        None."""
        known, stat = source.known, source.stat
        if known is None or known.size_bytes != stat.size_bytes:
            return None
        entry = known.entry
        if entry is not None and entry.upload == self._bucket.upload_profile:
            same = entry.source_etag == stat.etag and entry.size_bytes == stat.size_bytes
            if same or entry.sha256 == self._sha256(source):
                return self._entry(source, entry.sha256, entry.etag)
            return None
        sha256 = self._sha256(source)
        etag = self._bucket.holds(source.name, sha256)
        return self._entry(source, sha256, etag) if etag is not None else None

    def _upload(self, source: Source) -> ManifestEntry:
        if source.stat.size_bytes >= self._multipart_bytes:
            sha256 = self._streamed_sha256(source)
            self._check(source, sha256)
            with self._storage.open(source.stat.key) as file:
                size = source.stat.size_bytes
                etag = self._bucket.put_file(source.name, file, size, sha256)
        else:
            content = self._storage.read(source.stat.key)
            sha256 = hashlib.sha256(content).hexdigest()
            self._check(source, sha256)
            etag = self._bucket.put(source.name, content, sha256)
        return self._entry(source, sha256, etag)

    def _check(self, source: Source, sha256: str) -> None:
        if source.sha256 is not None and source.sha256 != sha256:
            raise StorageFailed("damaged: its SHA-256 is not the recorded one")

    def _sha256(self, source: Source) -> str:
        return source.sha256 or self._streamed_sha256(source)

    def _streamed_sha256(self, source: Source) -> str:
        digest = hashlib.sha256()
        with self._storage.open(source.stat.key) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def _entry(self, source: Source, sha256: str, etag: str) -> ManifestEntry:
        return ManifestEntry(
            key=source.name,
            size_bytes=source.stat.size_bytes,
            sha256=sha256,
            etag=etag,
            source_etag=source.stat.etag,
            upload=self._bucket.upload_profile,
        )

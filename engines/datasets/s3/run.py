"""The state of one S3 export: what was uploaded, what failed, and the files that list both."""

from __future__ import annotations

import hashlib
import posixpath
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from engines.datasets.cards.card import CardFacts, readme
from engines.datasets.cards.croissant import croissant
from engines.datasets.records.label_columns import labeled_columns
from engines.datasets.records.record import Record, RecordShape, make_record
from engines.datasets.records.typed_lines import TypedLines
from engines.datasets.s3.manifest import MANIFEST, ManifestEntry, ManifestWriter
from engines.datasets.s3.upload import IMAGES
from engines.datasets.writers.folder import METADATA
from engines.datasets.writers.model import Tally, WrittenFile
from engines.errors import StorageFailed
from engines.storage.s3.faults import S3_ERRORS, reason_of
from engines.types import S3ExportReport

if TYPE_CHECKING:
    from engines.datasets.export_config import ExportConfig
    from engines.datasets.s3.bucket import RemoteBucket
    from engines.datasets.s3.upload import Outcome
    from engines.datasets.writers.files import Fence
    from engines.errors import JsonValue
    from engines.types import S3ExportRequest
    from engines.types.datasets.labels import Classes

_SPOOL_BYTES = 8 * 2**20
_CHUNK_BYTES = 2**20


class S3Run:
    """Collects the outcomes of one export. `spools`: temporary files for the records and the
    manifest."""

    def __init__(
        self,
        request: S3ExportRequest,
        bucket: RemoteBucket,
        shape: RecordShape,
        config: ExportConfig,
        spools: tuple[BinaryIO, BinaryIO],
        classes: Classes,
    ) -> None:
        self.tally = Tally()
        self.failed_in_a_row = 0
        self._skipped = 0
        self._suffixes: set[str] = set()
        self._request, self._bucket = request, bucket
        self._shape, self._config = shape, config
        self._columns = labeled_columns(
            classes, request.include_metadata, shape.include_annotations
        )
        self._lines = TypedLines(spools[0], self._columns)
        self._metadata, manifest = spools
        self._manifest_file = manifest
        self._manifest = ManifestWriter(manifest)

    def take(self, outcome: Outcome) -> None:
        """Count an outcome. Its uploaded files are in the manifest, even if a later one failed."""
        for entry in outcome.entries:
            self._manifest.add(entry)
        loaded = outcome.loaded
        if loaded is None or loaded.facts is None:
            self.fail(outcome.record.stat.key, outcome.failure or "not uploaded")
            self.failed_in_a_row += 1 if outcome.error is not None else 0
            return
        self.failed_in_a_row = 0
        self._skipped += outcome.uploads == 0
        record: Record = make_record(self._shape, loaded.record, loaded.facts, loaded.annotations)
        self.tally.take(record)
        self._suffixes.add(posixpath.splitext(str(record["file_name"]))[1])
        if self._request.include_metadata:
            self._lines.add(record)

    def fail(self, key: str, reason: str) -> None:
        """Count a failure."""
        self.tally.fail(key, reason, self._config.max_failures_listed)

    def finish(
        self, created_at: datetime, filtered: Mapping[str, int], fence: Fence
    ) -> S3ExportReport:
        """Upload the records, the card and last the manifest. `fence` is called before each, and
        raises if another export has taken the lock over."""
        for name, content in self._cards(created_at):
            fence()
            self._put(name, content)
        self._manifest.finish(self._summary(created_at))
        fence()
        written = self._put(MANIFEST, self._manifest_file, listed=False)
        return S3ExportReport(
            status=self._status(),
            uploaded_count=self.tally.exported,
            failed_count=self.tally.failed,
            total_size_bytes=self.tally.image_bytes,
            bucket_name=self._request.bucket_name,
            s3_prefix=self._request.s3_prefix,
            manifest_url=self._bucket.url(MANIFEST) if written else None,
            failures=tuple(self.tally.failures),
            skipped_count=self._skipped,
            filtered=dict(filtered),
        )

    def _cards(self, created_at: datetime) -> Iterator[tuple[str, BinaryIO | bytes]]:
        files: tuple[WrittenFile, ...] = ()
        if self._request.include_metadata:
            self._lines.arrange()
            sha256, size_bytes = hash_of(self._metadata)
            mime, count = "application/jsonlines", self.tally.exported
            files = (WrittenFile(METADATA, size_bytes, sha256, mime, count),)
            yield METADATA, self._metadata
        facts = CardFacts(
            dataset=self._shape.dataset,
            title=self._shape.dataset,
            files=files,
            columns=self._columns,
            encoding="typed",
            features=[],
            tally=self.tally,
            created_at=created_at,
            loading='datasets.load_dataset("imagefolder", data_dir=".")  # in a local copy',
            data_files=self._data_files(),
        )
        yield "README.md", readme(facts)
        yield "croissant.json", croissant(facts)

    def _data_files(self) -> JsonValue:
        """Patterns of the images' names by suffix, so that readers do not take sidecars for
        data."""
        patterns: list[JsonValue] = [f"{IMAGES}**/*{escape(s)}" for s in sorted(self._suffixes)]
        table: list[JsonValue] = [METADATA] if self._request.include_metadata else []
        return [{"split": "train", "path": [*table, *patterns]}]

    def _put(self, name: str, content: BinaryIO | bytes, listed: bool = True) -> bool:
        """Upload a file of the export itself (records, card, manifest); a failure is counted."""
        try:
            if isinstance(content, bytes):
                size_bytes, sha256 = len(content), hashlib.sha256(content).hexdigest()
                etag = self._bucket.put(name, content, sha256)
            else:
                sha256, size_bytes = hash_of(content)
                etag = self._put_spool(name, content, size_bytes, sha256)
        except (*S3_ERRORS, StorageFailed) as error:
            self.fail(name, reason_of(error))
            return False
        if listed:
            profile = self._bucket.upload_profile
            self._manifest.add(ManifestEntry(name, size_bytes, sha256, etag, "", profile))
        return True

    def _put_spool(self, name: str, file: BinaryIO, size_bytes: int, sha256: str) -> str:
        file.seek(0)
        if size_bytes < self._config.s3.multipart_bytes:
            return self._bucket.put(name, file.read(), sha256)
        return self._bucket.put_file(name, file, size_bytes, sha256)

    def _summary(self, created_at: datetime) -> dict[str, JsonValue]:
        return {
            "dataset": self._shape.dataset,
            "created_at": created_at.isoformat(),
            "image_count": self.tally.exported,
            "failed_count": self.tally.failed,
            "total_size_bytes": self.tally.image_bytes,
        }

    def _status(self) -> Literal["success", "partial", "failed"]:
        if not self.tally.exported:
            return "failed"
        return "partial" if self.tally.failed else "success"


def hash_of(file: BinaryIO) -> tuple[str, int]:
    """SHA-256, hex, and size of a file. Moves its position to the end."""
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest(), file.seek(0, 2)


@contextmanager
def open_spools(scratch: Path | None) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Two temporary files, in memory up to 8 MiB and then on disk."""
    folder = str(scratch) if scratch else None
    with (
        tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=folder) as metadata,
        tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=folder) as manifest,
    ):
        yield cast("BinaryIO", metadata), cast("BinaryIO", manifest)

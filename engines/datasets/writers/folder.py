"""Writes an image folder: image files, and a `metadata.jsonl` with their records."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from engines.datasets.records.features import as_text
from engines.datasets.writers.model import WrittenFile

if TYPE_CHECKING:
    from engines.datasets.records.record import Record
    from engines.datasets.records.schema import Column
    from engines.protocols import Storage

METADATA = "metadata.jsonl"


class FolderWriter:
    """Writes each image at once, and all records at the end.

    The records are kept in memory until then, so it suits thousands of images, not millions.
    `finish` deletes all other files in the folder, which an earlier attempt may have left.
    """

    def __init__(self, storage: Storage, folder: str, columns: tuple[Column, ...]) -> None:
        self._storage, self._folder, self._columns = storage, folder, columns
        self._written: list[WrittenFile] = []
        self._lines: list[bytes] = []

    def __enter__(self) -> FolderWriter:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Images that were written stay. Readers ignore them, because they have no record."""

    def add(self, record: Record, content: bytes | None) -> None:
        mime = f"image/{str(record['format']).lower()}"
        self._put(str(record["file_name"]), content or b"", mime, 1)
        self._lines.append(as_text(self._columns, record) + b"\n")

    def finish(self) -> list[WrittenFile]:
        names = {f"{self._folder}/{file.name}" for file in self._written}
        for stat in list(self._storage.list(self._folder)):
            if stat.key not in names:
                self._storage.delete(stat.key)
        if self._lines:
            self._put(METADATA, b"".join(self._lines), "application/jsonlines", len(self._lines))
        return self._written

    def _put(self, name: str, content: bytes, mime: str, count: int) -> None:
        self._storage.replace(f"{self._folder}/{name}", content)
        digest = hashlib.sha256(content).hexdigest()
        self._written.append(WrittenFile(name, len(content), digest, mime, count))

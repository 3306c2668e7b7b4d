"""Writes records to files. A file becomes visible only when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from engines.datasets.writers.hashed_file import HashedFile
from engines.datasets.writers.model import WrittenFile

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from engines.datasets.records.record import Record
    from engines.datasets.writers.encoding.encoders import MakeEncoder
    from engines.protocols import Storage

Fence = Callable[[], object]
"""Called before a file is published. Raises an error if the writer no longer holds the lock."""


def unfenced() -> None:
    """The fence of a writer whose target has no lock: allows everything."""


NameFile = Callable[[str | None, int], str]
"""Takes a split (None: the export has no splits) and the number of a file, from 0. Returns the
file's name in the folder."""


class RecordWriter(Protocol):
    """Writes records and their images, for the service's exports and for the shards of batch jobs.

    It is a context manager. Files that are not finished at its end are discarded.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None: ...

    def add(self, record: Record, content: bytes | None) -> None:
        """Write a record and, if the format contains images, its image file `content`. The record
        may be changed.

        Raises:
            StorageFailed: the disk is full, or S3 is unavailable.
        """

    def finish(self) -> list[WrittenFile]:
        """Publish the open files. Returns all files of this writer; their names are relative to
        its folder."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How one file is written."""

    encoder: MakeEncoder
    mime: str
    """MIME type, as in Croissant metadata."""
    max_bytes: int | None = None
    """Size from which on the next file is begun; None: no limit."""


class SplitFiles:
    """A `RecordWriter` with one open file for each split. With `never_none` it writes one empty
    file if there are no records."""

    def __init__(
        self,
        storage: Storage,
        folder: str,
        name_file: NameFile,
        format_: FileFormat,
        never_none: bool = False,
        fence: Fence = unfenced,
    ) -> None:
        self._fence = fence
        self._storage, self._folder, self._format = storage, folder, format_
        self._name_file, self._never_none = name_file, never_none
        self._open: dict[str | None, _OpenFile] = {}
        self._numbers: dict[str | None, int] = {}
        self._written: list[WrittenFile] = []

    def __enter__(self) -> SplitFiles:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        with ExitStack() as stack:  # discards every file, even if discarding another one fails
            for file in self._open.values():
                stack.callback(file.discard, error or RuntimeError("not finished"))
        self._open.clear()

    def add(self, record: Record, content: bytes | None) -> None:
        split = record["split"]
        assert split is None or isinstance(split, str)
        file, limit = self._open.get(split), self._format.max_bytes
        if file is not None and limit is not None and file.size_bytes >= limit:
            self._written.append(self._open.pop(split).publish(self._fence))
            file = None
        if file is None:
            file = self._open[split] = self._next(split)
        file.add(record, content)

    def finish(self) -> list[WrittenFile]:
        if self._never_none and not self._open and not self._written:
            self._open[None] = self._next(None)
        for split in sorted(self._open, key=str):
            self._written.append(self._open.pop(split).publish(self._fence))
        return self._written

    def _next(self, split: str | None) -> _OpenFile:
        number = self._numbers.get(split, 0)
        self._numbers[split] = number + 1
        name = self._name_file(split, number)
        return _OpenFile(self._storage, f"{self._folder}/{name}", name, split, self._format)


class _OpenFile:
    """A file that is being written."""

    def __init__(
        self, storage: Storage, key: str, name: str, split: str | None, format_: FileFormat
    ) -> None:
        self._name, self._split, self._mime = name, split, format_.mime
        self._publishing: AbstractContextManager[BinaryIO] = storage.create(key)
        self._file = HashedFile(self._publishing.__enter__())
        self._encoder = format_.encoder(self._file)
        self._count = 0

    @property
    def size_bytes(self) -> int:
        return self._file.size_bytes

    def add(self, record: Record, content: bytes | None) -> None:
        self._encoder.add(record, content)
        self._count += 1

    def publish(self, fence: Fence) -> WrittenFile:
        try:
            self._encoder.finish()
            fence()
        except BaseException as error:
            self.discard(error)
            raise
        self._publishing.__exit__(None, None, None)
        return WrittenFile(
            self._name,
            self._file.size_bytes,
            self._file.sha256,
            self._mime,
            self._count,
            self._split,
        )

    def discard(self, error: BaseException) -> None:
        self._file.abandon()  # some encoders still write when they are closed
        self._encoder.abandon()
        self._publishing.__exit__(type(error), error, error.__traceback__)


def by_split(files: Sequence[WrittenFile]) -> Mapping[str, list[str]]:
    """Split to the names of its files. Files without a split are "train", as in the `datasets`
    library."""
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.split or "train", []).append(file.name)
    return found

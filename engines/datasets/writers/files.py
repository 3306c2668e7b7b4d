"""Writing records to files that appear whole or not at all."""

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
"""Called before a file is published; raises where the writer has lost the right to."""


def unfenced() -> None:
    """For a writer whose target has no lock."""


NameFile = Callable[[str | None, int], str]
"""From a split (None: there are none) and a number from 0 to a file's name in the folder."""


class RecordWriter(Protocol):
    """Where records and their images go: the service's exports and the shards of batch jobs.

    A context manager: files that are not finished at its end are discarded.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None: ...

    def add(self, record: Record, content: bytes | None) -> None:
        """Write a record and, where the format holds images, its image file. The record may be
        changed.

        Raises:
            StorageFailed: disk full, S3 away.
        """

    def finish(self) -> list[WrittenFile]:
        """Publish the open files. Returns all files of this writer, relative to its folder."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How one file is made. `max_bytes`: a file is full above it, and the next one begins."""

    encoder: MakeEncoder
    mime: str
    """As Croissant writes it."""
    max_bytes: int | None = None


class SplitFiles:
    """One open file for each split. `never_none`: without any record there is one empty file."""

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
        with ExitStack() as stack:  # every one, whatever the others raise
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
        self._file.abandon()  # closing a format writes its end
        self._encoder.abandon()
        self._publishing.__exit__(type(error), error, error.__traceback__)


def by_split(files: Sequence[WrittenFile]) -> Mapping[str, list[str]]:
    """Split to the names of its files; "train", as `datasets` calls it, where there are none."""
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.split or "train", []).append(file.name)
    return found

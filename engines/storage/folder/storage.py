"""`Storage` in a folder, on a local disk or a shared volume that has hard links and `flock`."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from engines.errors import Conflict, NotFound
from engines.storage.folder.listing import folder_names, refused_names, walk
from engines.storage.folder.paths import (
    path_of,
    prune_empty_folders,
    reading_errors,
    writing_errors,
)
from engines.storage.folder.sweeping import sweep
from engines.storage.folder.writing import (
    OpenTemporary,
    append_whole,
    make_durable,
    make_folders,
    open_temporary,
    publish_new,
    publish_over,
    temporary_beside,
    write_lock,
)
from engines.storage.free_space import FreeBytes, FreeSpaceFloor, free_bytes
from engines.storage.keys import check_key, check_prefix
from engines.types import ObjectStat

Guard = Callable[[], None]
"""Called before every read and write; raises `StorageAway` while the data root is missing."""


def unguarded() -> None:
    """A `Guard` that checks nothing."""


class FolderStorage:
    """Implements `engines.protocols.Storage` in the folder `root`, which is created if absent.

    Reading follows symbolic links within the root. Listings show linked files, but not the content
    of linked folders, since such links could form a circle. Writes that would leave less than
    `min_free_bytes` on the file system raise `InsufficientStorage`. While `guard` raises, every
    method raises the same error and changes nothing.
    """

    def __init__(
        self,
        root: Path,
        opener: OpenTemporary = open_temporary,
        min_free_bytes: int = 0,
        free: FreeBytes = free_bytes,
        guard: Guard = unguarded,
    ) -> None:
        self._guard = guard
        with writing_errors(root.name):
            guard()
            make_folders(str(root.absolute()))
        self._root = os.path.realpath(root)
        self._opener = opener
        self._free = free
        self._floor = FreeSpaceFloor(self._root, min_free_bytes, free)

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        path = self._path(key)
        self._floor.check(len(content))
        with writing_errors(key), temporary_beside(path, self._opener) as (temporary, file):
            # Checked before writing, to save work, and again by the link, which is atomic.
            if os.path.lexists(path):
                raise Conflict(f"Object exists already: {key}")
            file.write(content)
            make_durable(file)
            try:
                publish_new(temporary, path)
            except FileExistsError as error:
                raise Conflict(f"Object exists already: {key}") from error
            # By descriptor, because another process may have deleted the name already.
            return _object_stat(key, os.fstat(file.fileno()))

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        path = self._path(key)
        self._floor.check(len(content))
        with writing_errors(key), temporary_beside(path, self._opener) as (temporary, file):
            file.write(content)
            make_durable(file)
            with write_lock(self._root, key):
                if if_match is not None and self._etag(key) != if_match:
                    raise Conflict(f"Object was changed by another writer: {key}")
                publish_over(temporary, path)
                return self.stat(key)

    @contextmanager
    def create(self, key: str) -> Iterator[BinaryIO]:
        path = self._path(key)
        self._floor.check(0)
        with writing_errors(key), temporary_beside(path, self._watched) as (temporary, file):
            yield file
            make_durable(file)
            with write_lock(self._root, key):
                publish_over(temporary, path)

    def append(self, key: str, record: bytes) -> None:
        path = self._path(key)
        with writing_errors(key):
            append_whole(path, record)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        with self.open(key) as file, reading_errors(key):
            file.seek(start)
            return file.read(-1 if length is None else length)

    def open(self, key: str) -> BinaryIO:
        path = self._path(key)
        with reading_errors(key):
            # O_NONBLOCK, because opening a named pipe would otherwise wait for a writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise NotFound("object", key)
            return os.fdopen(descriptor, "rb")

    def stat(self, key: str) -> ObjectStat:
        path = self._path(key)
        with reading_errors(key):
            found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise NotFound("object", key)
        return _object_stat(key, found)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        folder = self._folder(prefix)
        with reading_errors(prefix):
            for key, found in walk(self._root, folder, prefix, after=after):
                yield _object_stat(key, found)

    def list_refused(self, prefix: str) -> Iterator[str]:
        folder = self._folder(prefix)
        with reading_errors(prefix):
            yield from refused_names(folder, prefix)

    def list_folders(self, prefix: str) -> Iterator[str]:
        folder = self._folder(prefix)
        with reading_errors(prefix):
            yield from folder_names(folder, prefix)

    def folder_version(self, prefix: str) -> str | None:
        folder = self._folder(prefix)
        try:
            return f"{os.stat(folder).st_mtime_ns:x}"
        except (FileNotFoundError, NotADirectoryError):
            return None

    def delete(self, key: str) -> None:
        path = self._path(key)
        with writing_errors(key), write_lock(self._root, key):
            if os.path.isfile(path) or os.path.islink(path):
                os.unlink(path)
                prune_empty_folders(os.path.dirname(path), self._root)

    def free_bytes(self) -> int | None:
        return self._free(self._root)

    def presign(self, key: str, expires_s: int) -> str | None:
        check_key(key)
        return None

    def sweep_temporary(
        self, older_than_s: float = 86_400.0, folder: str = "", deep: bool = True
    ) -> int:
        """Remove temporary files of killed processes in `folder` and, with `deep`, below it.

        Returns the number of removed files. Files that a running process is writing stay, unless
        the write takes longer than `older_than_s` seconds.
        """
        path = self._folder(folder)
        with writing_errors(folder):
            return sweep(path, older_than_s, deep)

    def _path(self, key: str) -> str:
        self._guard()
        return path_of(self._root, key)

    def _folder(self, prefix: str) -> str:
        self._guard()
        return path_of(self._root, prefix) if check_prefix(prefix) else self._root

    def _watched(self, path: str) -> BinaryIO:
        return self._floor.watched(self._opener(path))

    def _etag(self, key: str) -> str | None:
        try:
            return self.stat(key).etag
        except NotFound:
            return None


def _object_stat(key: str, found: os.stat_result) -> ObjectStat:
    """The etag consists of time, size and inode; every replacement has a new inode."""
    size, modified_ns = found.st_size, found.st_mtime_ns
    modified_at = datetime.fromtimestamp(modified_ns / 1e9, UTC)
    return ObjectStat(key, size, modified_at, f"{modified_ns:x}-{size:x}-{found.st_ino:x}")

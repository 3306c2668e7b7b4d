"""Atomic writes: content goes to a temporary file in the same folder, which is synced to the disk
and then linked or renamed."""

from __future__ import annotations

import fcntl
import os
import stat
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TypeVar

from engines.storage.folder.paths import fsync_folder
from engines.storage.keys import RESERVED_FOLDER, TEMPORARY_PREFIX

T = TypeVar("T")
OpenTemporary = Callable[[str], BinaryIO]
"""Creates a file that must not exist, for writing; a parameter, so that tests can simulate a full
disk."""

FILE_MODE = 0o640
FOLDER_MODE = 0o750
"""The owner may write, the group may read, others have no access; independent of the umask."""
_LOCK_FILES = 64


def open_temporary(path: str) -> BinaryIO:
    """Create the file `path`, which must not exist, with `FILE_MODE`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)
    return os.fdopen(descriptor, "wb")


def make_folders(folder: str) -> None:
    """Create `folder` and its missing parents with `FOLDER_MODE`; existing ones are not changed."""
    if os.path.isdir(folder):
        return
    parent = os.path.dirname(folder)
    if parent != folder:
        make_folders(parent)
    try:
        os.mkdir(folder, FOLDER_MODE)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise
        return  # created by another process meanwhile
    # Keep the setgid bit that folders on a shared volume inherit.
    inherited = os.stat(folder).st_mode & stat.S_ISGID
    os.chmod(folder, FOLDER_MODE | inherited)


@contextmanager
def temporary_beside(path: str, opener: OpenTemporary) -> Iterator[tuple[str, BinaryIO]]:
    """A temporary file in the folder of `path`, which is removed when the block ends.

    Yields its path and the open file. The block must link or rename it to keep the content.
    """
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}")
    file = _open_in_folder(temporary, opener)
    try:
        _mark_alive(file)
        yield temporary, file
    finally:
        # Closing flushes, which on a full disk raises again what the block raised already.
        with suppress(OSError):
            file.close()
        with suppress(FileNotFoundError):  # was renamed
            os.unlink(temporary)


def _mark_alive(file: BinaryIO) -> None:
    """Lock the file while it is open. The kernel releases the lock when the process ends, which
    shows `engines.storage.folder.sweeping` that the file is abandoned."""
    with suppress(OSError):  # no `flock` on this volume: files are swept by age only
        fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)


def _open_in_folder(path: str, opener: Callable[[str], T]) -> T:
    """Create the folder and open `path` in it; tried again if another process's delete removes the
    empty folder in between."""
    folder = os.path.dirname(path)
    for _ in range(8):
        with suppress(FileNotFoundError):
            make_folders(folder)
            return opener(path)
    make_folders(folder)
    return opener(path)


def make_durable(file: BinaryIO) -> None:
    """Flush the file to the disk. It must stay open until it has its final name, so that no sweep
    removes it.

    Also sets its time in nanoseconds, because the kernel's file times are too coarse to distinguish
    two versions written shortly after each other.
    """
    file.flush()
    now_ns = time.time_ns()
    os.utime(file.fileno(), ns=(now_ns, now_ns))
    os.fsync(file.fileno())


def publish_new(temporary: str, path: str) -> None:
    """Link the file to `path`. Raises `FileExistsError` if `path` exists, even if another writer
    created it just now."""
    os.link(temporary, path)
    fsync_folder(os.path.dirname(path))


def publish_over(temporary: str, path: str) -> None:
    """Rename the file to `path`, replacing what is there."""
    os.rename(temporary, path)
    fsync_folder(os.path.dirname(path))


def append_whole(path: str, record: bytes) -> None:
    """Append `record` and sync it to the disk; creates the file and its folders if absent.

    If that raises `OSError`, the file is cut to its previous length.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    descriptor = _open_in_folder(path, lambda path: os.open(path, flags, FILE_MODE))
    try:
        before = os.fstat(descriptor).st_size
        if before == 0:
            os.fchmod(descriptor, FILE_MODE)
        try:
            view = memoryview(record)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):  # raise the first error
                os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)
    if before == 0:
        fsync_folder(os.path.dirname(path))


@contextmanager
def write_lock(root: str, key: str) -> Iterator[None]:
    """Exclude other threads and processes that replace or delete the same key.

    The kernel releases the `flock` when its process ends, so a killed process blocks nobody.
    """
    folder = os.path.join(root, RESERVED_FOLDER, "locks")
    make_folders(folder)
    name = f"{zlib.crc32(key.encode()) % _LOCK_FILES:02d}"
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(os.path.join(folder, name), flags, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

"""Whole files or none: written beside their place, made durable, then linked or renamed."""

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
"""Opens a path that must not exist for writing; injected so that tests can fill the disk."""

FILE_MODE = 0o640
FOLDER_MODE = 0o750
"""The owner writes, the group reads, nobody else sees anything: whatever the umask is."""
_LOCK_FILES = 64


def open_temporary(path: str) -> BinaryIO:
    """Create `path`, which must not exist, as `FILE_MODE`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)
    return os.fdopen(descriptor, "wb")


def make_folders(folder: str) -> None:
    """Make `folder` and its parents as `FOLDER_MODE`; those that are there stay as they are."""
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
        return  # somebody else was faster
    # The group bit that a shared volume hands down stays.
    inherited = os.stat(folder).st_mode & stat.S_ISGID
    os.chmod(folder, FOLDER_MODE | inherited)


@contextmanager
def temporary_beside(path: str, opener: OpenTemporary) -> Iterator[tuple[str, BinaryIO]]:
    """A temporary file in the folder of `path`, gone when the block ends in whatever way.

    Yields its path and the open file. Publishing it (link or rename) is the block's business.
    """
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}")
    file = _open_in_folder(temporary, opener)
    try:
        _mark_alive(file)
        yield temporary, file
    finally:
        # Closing flushes: on a full disk it raises once more what the block already raised.
        with suppress(OSError):
            file.close()
        with suppress(FileNotFoundError):  # renamed into its place
            os.unlink(temporary)


def _mark_alive(file: BinaryIO) -> None:
    """Hold the file's `flock` while it is open: the kernel gives it back when the process dies, and
    so tells a sweep (`engines.storage.folder.sweeping`) whose file nobody will finish."""
    with suppress(OSError):  # a volume without `flock`: its files are swept by their age alone
        fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)


def _open_in_folder(path: str, opener: Callable[[str], T]) -> T:
    """A neighbor's delete may prune the folder between making it and using it: try again."""
    folder = os.path.dirname(path)
    for _ in range(8):
        with suppress(FileNotFoundError):
            make_folders(folder)
            return opener(path)
    make_folders(folder)
    return opener(path)


def make_durable(file: BinaryIO) -> None:
    """Flush to the disk; the file stays open until it has its name, so that no sweep takes it for
    abandoned. The time is set in full nanoseconds, because the kernel's
    own clock ticks too slowly to tell two quick versions apart by it."""
    file.flush()
    now_ns = time.time_ns()
    os.utime(file.fileno(), ns=(now_ns, now_ns))
    os.fsync(file.fileno())


def publish_new(temporary: str, path: str) -> None:
    """Give the file its name; `FileExistsError` if the name is taken, even by a racing writer."""
    os.link(temporary, path)
    fsync_folder(os.path.dirname(path))


def publish_over(temporary: str, path: str) -> None:
    """Give the file its name in place of whatever had it."""
    os.rename(temporary, path)
    fsync_folder(os.path.dirname(path))


def append_whole(path: str, record: bytes) -> None:
    """Add `record` at the end and make it durable; on any error the file is as long as before.
    The file and its folders are made if absent."""
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
            with suppress(OSError):  # the first error is the one to tell
                os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)
    if before == 0:
        fsync_folder(os.path.dirname(path))


@contextmanager
def write_lock(root: str, key: str) -> Iterator[None]:
    """Exclude other threads and processes that replace or delete the same key.

    `flock` is released by the kernel when its process dies, so nobody is locked out for ever.
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

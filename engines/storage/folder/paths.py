"""Convert keys to paths below a root folder, and translate the file system's errors."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import Conflict, InsufficientStorage, NotFound, StorageFailed
from engines.storage.keys import TEMPORARY_PREFIX, check_key, outside_root

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Errors that mean that nothing can be written, although reading may work."""
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
_REASONS = {
    errno.ENOSPC: "The data root is full",
    errno.EDQUOT: "The quota of the data root is spent",
    errno.EACCES: "Permission denied in the data root",
    errno.EPERM: "Operation not permitted in the data root",
    errno.EROFS: "The data root is read-only",
    errno.EMFILE: "Too many open files",
    errno.EIO: "Input/output error in the data root",
    errno.ELOOP: "Too many symbolic links in the data root",
}


def path_of(root: str, key: str) -> str:
    """Absolute path of `key` below the resolved folder `root`.

    Raises:
        InvalidPath: the key is not valid, or its symbolic links lead out of the root.
    """
    path = os.path.join(root, check_key(key))
    resolved = os.path.realpath(path)
    if resolved != root and not resolved.startswith(root.rstrip("/") + "/"):
        raise outside_root(key)
    return path


@contextmanager
def reading_errors(key: str) -> Iterator[None]:
    """Translate `OSError` to `NotFound`, `InsufficientStorage` or `StorageFailed`, whose messages
    contain keys and no paths."""
    try:
        yield
    except OSError as error:
        if error.errno in _ABSENT:
            raise NotFound("object", key) from error
        raise _failed(error, key) from error


@contextmanager
def writing_errors(key: str) -> Iterator[None]:
    """Translate `OSError`: to `Conflict` if a file is where a folder is needed or the reverse, to
    `InsufficientStorage` if nothing can be written, else to `StorageFailed`."""
    try:
        yield
    except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
        raise Conflict(f"An object or folder is in the way of {key}") from error
    except OSError as error:
        raise _failed(error, key) from error


def _failed(error: OSError, key: str) -> StorageFailed:
    number = error.errno or 0
    message = f"{_REASONS.get(number) or os.strerror(number)} ({key})"
    return InsufficientStorage(message) if number in _FULL else StorageFailed(message)


def is_full(error: BaseException | None) -> bool:
    """Whether the error means that the file system is full or read-only."""
    return isinstance(error, OSError) and error.errno in _FULL


def fsync_folder(folder: str) -> None:
    """Make new names in `folder` survive a power failure.

    Does nothing if the file system does not support it, or if the folder was deleted meanwhile.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def prune_empty_folders(folder: str, root: str) -> None:
    """Remove `folder` and its parents below `root` while they are empty, because an S3 bucket has
    no empty folders either."""
    while folder != root and folder.startswith(root):
        try:
            os.rmdir(folder)
        except OSError:  # not empty, in use, or a link
            return
        folder = os.path.dirname(folder)


def is_temporary(name: str) -> bool:
    """Whether this is the name of a temporary file."""
    return name.startswith(TEMPORARY_PREFIX)

"""From keys to paths below a root folder, and the file system's errors to ours."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import Conflict, InsufficientStorage, NotFound, StorageFailed
from engines.storage.keys import TEMPORARY_PREFIX, check_key, outside_root

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""There is no room to write; reading and deleting go on."""
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
        InvalidPath: the key is none, or its symbolic links lead out of the root.
    """
    path = os.path.join(root, check_key(key))
    resolved = os.path.realpath(path)
    if resolved != root and not resolved.startswith(root.rstrip("/") + "/"):
        raise outside_root(key)
    return path


@contextmanager
def reading_errors(key: str) -> Iterator[None]:
    """Translate `OSError`: absent is `NotFound`, everything else `StorageFailed`, without paths."""
    try:
        yield
    except OSError as error:
        if error.errno in _ABSENT:
            raise NotFound("object", key) from error
        raise _failed(error, key) from error


@contextmanager
def writing_errors(key: str) -> Iterator[None]:
    """Translate `OSError`: a file where a folder is needed, or the other way round, is
    `Conflict`, no room is `InsufficientStorage`, everything else `StorageFailed`."""
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
    """Whether the file system had no room for a write."""
    return isinstance(error, OSError) and error.errno in _FULL


def fsync_folder(folder: str) -> None:
    """Make names in `folder` survive a power cut; file systems that cannot are left alone, and a
    folder that is gone: somebody has deleted all that was in it."""
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
    """Remove `folder` and its parents below `root` as long as they are empty: a bucket has
    no empty folders either."""
    while folder != root and folder.startswith(root):
        try:
            os.rmdir(folder)
        except OSError:  # not empty, in use, a link: it stays
            return
        folder = os.path.dirname(folder)


def is_temporary(name: str) -> bool:
    """Whether a file of this name is still being written."""
    return name.startswith(TEMPORARY_PREFIX)

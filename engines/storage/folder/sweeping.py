"""Remove temporary files whose writing process has ended."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress

from engines.storage.folder.paths import is_temporary

ABANDONED_AFTER_S = 1.0
"""Age from which an unlocked temporary file counts as abandoned, seconds. A writer locks its file
within microseconds after creating it."""


def sweep(folder: str, older_than_s: float, deep: bool = True) -> int:
    """Remove the temporary files in `folder` and, with `deep`, below it that no process has locked,
    or that are older than `older_than_s` seconds. Returns their number."""
    removed = 0
    for path in _temporary_files(folder, deep):
        with suppress(FileNotFoundError):  # renamed by its writer, or removed by another sweep
            age_s = time.time() - os.stat(path).st_mtime
            if age_s > older_than_s or (age_s > ABANDONED_AFTER_S and _is_abandoned(path)):
                os.unlink(path)
                removed += 1
    return removed


def _temporary_files(folder: str, deep: bool) -> Iterator[str]:
    for path, folders, names in os.walk(folder):
        if not deep:
            folders.clear()
        yield from (os.path.join(path, name) for name in names if is_temporary(name))


def _is_abandoned(path: str) -> bool:
    """Whether no process has locked the file; False if the volume does not support `flock`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True

"""Check that the data root is still the one that this process started with.

    .inferloop/root_id      a random id, written when a data root is first used

A folder that was deleted, or whose volume is no longer mounted, looks like an empty folder. Without
this check the service would create a second data root there unnoticed.
"""

from __future__ import annotations

import os
import uuid
from contextlib import suppress

from engines.errors import StorageAway
from engines.storage.folder.writing import make_folders
from engines.storage.keys import RESERVED_FOLDER

_NAME = "root_id"


class RootIdentity:
    """The id of one data root. Threads may share it; `check` takes one `stat` call."""

    def __init__(self, root: str, expected: str | None = None) -> None:
        """`expected`: the id that the data root must have, read earlier by another process. None:
        the id that it has now; if it has none, a new id is written. If that is not possible
        (read-only, full), `check` accepts every data root.

        Raises:
            OSError: the folder cannot be made.
        """
        self._file = os.path.join(root, RESERVED_FOLDER, _NAME)
        self._seen: tuple[int, int] | None = None
        if not expected:
            make_folders(root)
        self.word = expected or _claimed(self._file)

    def check(self) -> None:
        """Raise `StorageAway` if the data root is missing or has another id."""
        if self.word is None:
            return
        try:
            found = os.stat(self._file)
            version = (found.st_dev, found.st_ino)
            if version == self._seen:
                return
            word = _read(self._file)
        except OSError:
            raise _away() from None
        if word != self.word:
            raise _away()
        self._seen = version


def _away() -> StorageAway:
    return StorageAway(
        "The data root is not there, or another one is in its place: is its volume mounted?"
    )


def _read(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read().strip()


def _claimed(path: str) -> str | None:
    """The id in the file, which is created if absent; None if that fails. If several processes
    create it at the same time, all return the same id."""
    try:
        make_folders(os.path.dirname(path))
        fresh = f"{path}.{uuid.uuid4().hex}"
        try:
            with open(fresh, "x", encoding="ascii") as file:
                file.write(uuid.uuid4().hex)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(fresh, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
    except OSError:
        with suppress(OSError):
            return _read(path) or None
        return None
    return _read(path)

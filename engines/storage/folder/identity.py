"""Whether the data root is still the one that this process began with.

    .inferloop/root_id      a random word, written when a data root is first used

A folder that was deleted, or whose volume is no longer mounted, looks like an empty one: without
this the service would begin a second data root there, and nobody would notice.
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
    """Of one data root. Shared between threads; `check` costs a `stat`."""

    def __init__(self, root: str, expected: str | None = None) -> None:
        """`expected`: the word that must be there, from whoever saw the data root before; None:
        what is there now, or a new one where the data root has none. Where none can be written
        (read-only, full) nothing is remembered, and `check` finds no fault.

        Raises:
            OSError: the folder cannot be made.
        """
        self._file = os.path.join(root, RESERVED_FOLDER, _NAME)
        self._seen: tuple[int, int] | None = None
        if not expected:
            make_folders(root)
        self.word = expected or _claimed(self._file)

    def check(self) -> None:
        """`StorageAway` while the data root is gone, or another one is in its place."""
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
    """The word in the file, written now if there is none; of several processes one writes it."""
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

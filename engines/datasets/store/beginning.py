"""Check the name of a dataset before its first file is written."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from engines.datasets.store.layout import GENERATED
from engines.errors import Conflict

if TYPE_CHECKING:
    from engines.protocols import Storage


def check_beginning(storage: Storage, folder: str) -> None:
    """Check that the dataset's folder ("generated/x") exists, or that no other one has a name that
    differs from it only in case: on Windows and macOS a copy of both would be one folder. Blocks.

    Raises:
        Conflict: there is such a dataset.
    """
    name = folder.removeprefix(f"{GENERATED}/")
    if name == folder:  # `generated` itself
        return
    others = [*storage.list_folders(GENERATED)]
    if name in others:
        return
    for other in others:
        if other.casefold() == name.casefold():
            raise Conflict(
                f"A dataset of the name {other} exists, and {name} differs from it only in case: "
                "use its name, or another one"
            )


class Beginnings:
    """Checks each folder of a storage once. Threads may share it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._checked: set[str] = set()
        self._lock = threading.Lock()

    def check(self, folder: str) -> None:
        """As `check_beginning`; does nothing for a folder that was checked before. Blocks."""
        with self._lock:
            if folder in self._checked:
                return
        check_beginning(self._storage, folder)
        with self._lock:
            self._checked.add(folder)

    def forget(self, folder: str) -> None:
        """Check the folder again next time, because it was deleted."""
        with self._lock:
            self._checked.discard(folder)

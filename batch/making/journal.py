"""Marker files that tell what a process was doing when it died. A marker is written before the work
and removed after it.

A mark that is still there when the work starts again belongs to a process that ended in between:
a row crashed it, its node was lost, or somebody stopped the job. The mark of a shard does not say
which row it was, so the rows of that shard then run one by one, each alone in a process. The mark
of a row that ran alone says that this row was the cause.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from batch.output.layout import alone_folder, runs_folder
from engines.errors import NotFound

if TYPE_CHECKING:
    from engines.protocols import Storage


class Journal:
    """Reads and writes markers in the job's output. Blocks."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def unfinished_runs(self, shard: int) -> int:
        """Number of processes that opened the shard and did not close it."""
        return sum(1 for _ in self._storage.list(runs_folder(shard)))

    def open_run(self, shard: int) -> str:
        """Record that this process starts work on the shard; returns the mark."""
        mark = f"{runs_folder(shard)}/{uuid.uuid4().hex}"
        self._storage.put_new(mark, b"")
        return mark

    def close_run(self, mark: str) -> None:
        """Remove the mark: the process did not die, whether or not the shard was finished."""
        self._storage.delete(mark)

    def deaths_alone(self, shard: int) -> dict[str, int]:
        """For each row id, how many processes died while they ran that row alone."""
        deaths: dict[str, int] = {}
        for stat in self._storage.list(alone_folder(shard)):
            row_id, _, kind = stat.key.rpartition("/")[2].partition(".")
            if kind != "done":
                deaths[row_id] = deaths.get(row_id, 0) + 1
        return deaths

    def open_alone(self, shard: int, row_id: str) -> str:
        """Record that the row now runs alone in its process; returns the mark."""
        mark = f"{alone_folder(shard)}/{row_id}.{uuid.uuid4().hex}"
        self._storage.put_new(mark, b"")
        return mark

    def close_alone(self, mark: str) -> None:
        """Remove the mark: the row has ended, and its process did not die."""
        self._storage.delete(mark)

    def save_alone(self, shard: int, row_id: str, outcome: bytes) -> None:
        """Store the outcome of a row until its whole shard is finished."""
        self._storage.replace(f"{alone_folder(shard)}/{row_id}.done", outcome)

    def load_alone(self, shard: int, row_id: str) -> bytes | None:
        """The outcome of the row; None if it has not ended."""
        try:
            return self._storage.read(f"{alone_folder(shard)}/{row_id}.done")
        except NotFound:
            return None

    def has_alone(self, shard: int, row_id: str) -> bool:
        """Whether the row has ended."""
        try:
            self._storage.stat(f"{alone_folder(shard)}/{row_id}.done")
        except NotFound:
            return False
        return True

    def forget(self, shard: int) -> None:
        """Remove the marks of a published shard."""
        for folder in (runs_folder(shard), alone_folder(shard)):
            for stat in list(self._storage.list(folder)):
                self._storage.delete(stat.key)

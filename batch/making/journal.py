"""Marker files that tell what a process was doing when it died. A marker is written before the work
and removed after it.

A marker that still exists when the work starts again is from a process that ended in between: a
row crashed it, its node was lost, or somebody stopped the job. The marker of a shard does not say
which row was the cause. So the rows of that shard then run one by one, each alone in a process,
with a marker for each row.
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
        """Write a marker: this process starts to work on the shard. Returns the marker's key."""
        mark = f"{runs_folder(shard)}/{uuid.uuid4().hex}"
        self._storage.put_new(mark, b"")
        return mark

    def close_run(self, mark: str) -> None:
        """Remove the marker: the process did not die, whether or not the shard was finished."""
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
        """Write a marker: the row now runs alone in its process. Returns the marker's key."""
        mark = f"{alone_folder(shard)}/{row_id}.{uuid.uuid4().hex}"
        self._storage.put_new(mark, b"")
        return mark

    def close_alone(self, mark: str) -> None:
        """Remove the marker: the row has ended, and its process did not die."""
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
        """Remove the markers and outcomes of a published shard."""
        for folder in (runs_folder(shard), alone_folder(shard)):
            for stat in list(self._storage.list(folder)):
                self._storage.delete(stat.key)

"""Who was at work when a process died. Marks are written before, and removed after, the work.

A mark that is still there when the work starts anew belongs to a process that ended in
between: killed by the row, by the node, or by somebody who stopped the job. Marks under a shard
only raise a suspicion (its rows then run one by one, each alone in its process); marks under a
row that ran alone convict it.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from batch.output.layout import alone_folder, runs_folder
from engines.errors import NotFound

if TYPE_CHECKING:
    from engines.protocols import Storage


class Journal:
    """Marks in the output's storage: they survive any process. Blocks."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def unfinished_runs(self, shard: int) -> int:
        """Processes that opened the shard and never closed it."""
        return sum(1 for _ in self._storage.list(runs_folder(shard)))

    def open_run(self, shard: int) -> str:
        """Say that this process opens the shard; returns the mark."""
        mark = f"{runs_folder(shard)}/{uuid.uuid4().hex}"
        self._storage.put_new(mark, b"")
        return mark

    def close_run(self, mark: str) -> None:
        """The process lives, whatever came of the shard."""
        self._storage.delete(mark)

    def deaths_alone(self, shard: int) -> dict[str, int]:
        """Row id to the times that its process ended while it ran alone."""
        deaths: dict[str, int] = {}
        for stat in self._storage.list(alone_folder(shard)):
            row_id, _, kind = stat.key.rpartition("/")[2].partition(".")
            if kind != "done":
                deaths[row_id] = deaths.get(row_id, 0) + 1
        return deaths

    def open_alone(self, shard: int, row_id: str) -> str:
        """Say that the row runs now, alone; returns the mark."""
        mark = f"{alone_folder(shard)}/{row_id}.{uuid.uuid4().hex}"
        self._storage.put_new(mark, b"")
        return mark

    def close_alone(self, mark: str) -> None:
        """The row has ended and its process lives."""
        self._storage.delete(mark)

    def save_alone(self, shard: int, row_id: str, outcome: bytes) -> None:
        """Keep what became of a row until its whole shard is done."""
        self._storage.replace(f"{alone_folder(shard)}/{row_id}.done", outcome)

    def load_alone(self, shard: int, row_id: str) -> bytes | None:
        """What became of the row; None where it has not ended."""
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
        """The shard is published: its marks say nothing any more."""
        for folder in (runs_folder(shard), alone_folder(shard)):
            for stat in list(self._storage.list(folder)):
                self._storage.delete(stat.key)

"""A database of a dataset's images that is kept up to date by reading the dataset's index.

It is built once from the storage's listing and the index. Afterwards only the lines that were
appended to the index are read. A file that was copied to the dataset by hand has no index line. It
is noticed if the folder's modification time changed without a new line, or when the database is
built again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import orjson

from engines.datasets.looking.clusters import clusters_version, read_clusters
from engines.datasets.looking.rows import ImageRows, empty_database
from engines.datasets.recipes.recipe import Recipe
from engines.datasets.records.facts import FileFacts
from engines.datasets.sidecars.descriptions import Description
from engines.datasets.sidecars.reviews import KeptReview
from engines.datasets.sidecars.verdict import Verdict
from engines.datasets.store.index import ShardRow, read_shard_on
from engines.datasets.store.layout import INDEX_FOLDER
from engines.errors import NotFound

if TYPE_CHECKING:
    from engines.datasets.store.store import DatasetStore
    from engines.protocols import Clock, StopCheck, Storage
    from engines.types import ObjectStat

REST_FACTOR = 5.0
"""If the folder changed without a new index line, the database stays in use for this many times the
duration of its building, because the line of a file that is being written may follow."""


class Outdated(Exception):
    """The index does not explain a change, so the database must be built again."""


class FollowingDatabase:
    """A database of one folder, for one thread at a time. It must be closed."""

    def __init__(self, store: DatasetStore, folder: str, clock: Clock, stop: StopCheck) -> None:
        """Build the database. Blocks: about 0.2 s for 1,000 images.

        Raises `NotFound` if there is no image below the folder.
        """
        self._storage, self._folder, self._clock = store.storage, folder, clock
        started = clock()
        # The position is taken first, so that lines appended meanwhile are read again.
        self._read = _shards(self._storage, folder)
        self._folder_version = self._storage.folder_version(folder)
        self._clusters: str | None = None
        self.database = empty_database()
        self._rows = ImageRows(self.database)
        try:
            self._fill(store, stop)
        except BaseException:
            self.close()
            raise
        self.built_at = clock()
        self.took_s = self.built_at - started

    @property
    def is_clustered(self) -> bool:
        """Whether a report has searched for near-duplicates."""
        return self._clusters is not None

    def follow(self, stop: StopCheck) -> None:
        """Read the lines that were appended to the index since the last call. Raises `Outdated`."""
        version = self._storage.folder_version(self._folder)
        shards = _shards(self._storage, self._folder)
        if not self._read.keys() <= shards.keys():
            raise Outdated  # The image was deleted, and perhaps made again.
        grown = [key for key, size in sorted(shards.items()) if size > self._read.get(key, 0)]
        if version != self._folder_version and not grown:
            if self._clock() - self.built_at > REST_FACTOR * self.took_s:
                raise Outdated
            version = self._folder_version
        self.database.execute("BEGIN")
        for key in grown:
            stop()
            lines, self._read[key] = read_shard_on(self._storage, key, self._read.get(key, 0))
            for line in lines:
                self._apply(line)
        self._follow_clusters()
        self.database.execute("COMMIT")
        self._folder_version = version
        if grown and self.database.execute("SELECT 1 FROM images LIMIT 1").fetchone() is None:
            raise Outdated

    def close(self) -> None:
        """Release the memory."""
        self.database.close()

    def _fill(self, store: DatasetStore, stop: StopCheck) -> None:
        self.database.execute("BEGIN")
        with store.snapshot(self._folder, stop) as snapshot:
            for record in snapshot.records():
                stop()
                self._rows.add(record)
        self._follow_clusters()
        self.database.execute("COMMIT")

    def _apply(self, line: ShardRow) -> None:
        """Apply one index line to the database. Damaged lines are ignored; the next build reads the
        object itself.

        Raises:
            Outdated: an image was removed, and another one has its name now. Lines of several
                writers are not ordered, so it is unknown which image a line is about.
        """
        name, kind, stamp, _, body = line
        if kind == "removed":
            if self._stat_of(name) is not None:
                raise Outdated
            self._rows.remove(name)
            return
        with suppress(ValueError, TypeError):
            found = orjson.loads(body)
            if kind == "image":
                if (stat := self._stat_of(name)) is not None:
                    self._rows.made(name, Recipe.trusted(found), stat.size_bytes)
            elif kind == "description":
                if (stat := self._stat_of(name)) is not None:
                    self._rows.uploaded(name, Description.from_dict(found), stat)
            elif kind == "facts":
                self._rows.measured(name, FileFacts(**found))
            elif kind in ("quality", "privacy"):
                self._rows.judged(name, Verdict.from_dict(found))
            elif kind == "review":
                self._rows.reviewed(name, KeptReview.from_dict(found), stamp)

    def _stat_of(self, name: str) -> ObjectStat | None:
        """Properties of the image file; None if it no longer exists."""
        try:
            return self._storage.stat(f"{self._folder}/{name}")
        except NotFound:
            return None

    def _follow_clusters(self) -> None:
        version = clusters_version(self._storage, self._folder)
        if version != self._clusters:
            self._rows.set_clusters(read_clusters(self._storage, self._folder))
            self._clusters = version


def _shards(storage: Storage, folder: str) -> dict[str, int]:
    return {stat.key: stat.size_bytes for stat in storage.list(f"{folder}/{INDEX_FOLDER}")}

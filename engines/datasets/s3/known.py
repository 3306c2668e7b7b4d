"""The objects that are in the bucket already: a listing joined with the last manifest, in a
temporary database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from engines.datasets.s3.manifest import MANIFEST, ManifestEntry, read_entries
from engines.datasets.store.temporary import scratch_errors, temporary_database
from engines.storage.s3.errors import code_of

if TYPE_CHECKING:
    from engines.datasets.s3.bucket import RemoteBucket

_TABLES = """
CREATE TABLE listed (name TEXT PRIMARY KEY, etag TEXT, size INT) WITHOUT ROWID;
CREATE TABLE entries (name TEXT PRIMARY KEY, size INT, sha256 TEXT, etag TEXT,
                      source_etag TEXT, upload TEXT) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Known:
    """An object that is in the bucket. `entry`: the last manifest's entry about this version of the
    object; None if it has none."""

    size_bytes: int
    entry: ManifestEntry | None


class KnownObjects:
    """Valid inside the block of `open_known`; for one thread."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def find(self, name: str) -> Known | None:
        """The object `name`; None if it is not in the bucket."""
        listed = self._one("SELECT etag, size FROM listed WHERE name = ?", name)
        if listed is None:
            return None
        row = self._one("SELECT * FROM entries WHERE name = ?", name)
        entry = ManifestEntry(*row) if row is not None else None
        same = entry is not None and entry.etag == listed[0]
        return Known(listed[1], entry if same else None)

    def _one(self, query: str, name: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._database.execute(query, (name,)).fetchone()
        return row


@contextmanager
def open_known(bucket: RemoteBucket) -> Iterator[KnownObjects]:
    """Read the listing and the manifest, and wait for a server that does not answer. Without the
    right to list the bucket, no object is known.

    Raises:
        InsufficientStorage: there are many objects, and the folder for temporary files is full.
    """
    with scratch_errors(), closing(temporary_database(_TABLES)) as database:
        database.row_factory = sqlite3.Row
        database.execute("BEGIN")
        bucket.patiently(lambda: _fill(database, bucket))
        database.execute("COMMIT")
        yield KnownObjects(database)


def _fill(database: sqlite3.Connection, bucket: RemoteBucket) -> None:
    try:
        listed = ((o.name, o.etag, o.size_bytes) for o in bucket.list())
        database.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?)", listed)
        there = database.execute("SELECT 1 FROM listed WHERE name = ?", (MANIFEST,)).fetchone()
        lines = bucket.lines(MANIFEST) if there else iter(())
    except ClientError as error:
        if code_of(error) not in ("AccessDenied", "403"):
            raise
        return  # without the right to list, everything is uploaded
    rows = (
        (e.key, e.size_bytes, e.sha256, e.etag, e.source_etag, e.upload)
        for e in read_entries(lines)
    )
    database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)", rows)

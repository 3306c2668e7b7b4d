"""The present content of one dataset: the storage's listing joined with the index.

It is in a temporary database, so that memory does not grow with the dataset.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from engines.datasets.store.index import read_shard
from engines.datasets.store.layout import (
    INDEX_FOLDER,
    FileKind,
    classify,
    has_image_content,
    is_area,
    stem_of,
)
from engines.datasets.store.temporary import scratch_errors, temporary_database
from engines.protocols import StopCheck, never_stopped
from engines.types import ObjectStat
from engines.types.image_formats import is_document_name, is_hidden

if TYPE_CHECKING:
    from engines.protocols import Storage

_INDEX = f"{INDEX_FOLDER}/"
CACHE_KIB = 40 * 1024
"""Largest size in memory: about 10,000 images, each with a recipe and two verdicts."""
_TABLES = """
CREATE TABLE files (stem TEXT, name TEXT, owner TEXT, kind TEXT, size INT, modified REAL,
                    etag TEXT, PRIMARY KEY (stem, name)) WITHOUT ROWID;
CREATE TABLE lines (name TEXT, kind TEXT, stamp TEXT, etag TEXT, body BLOB,
                    PRIMARY KEY (name, kind)) WITHOUT ROWID;
"""
_ADD_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)"
_MOVE_TO_STEM = """
UPDATE files SET stem = owner WHERE kind NOT IN ('image', 'stranger') AND stem <> owner
AND NOT EXISTS (SELECT 1 FROM files image
                WHERE image.stem = files.stem AND image.name = files.owner)
"""
"""`a.jpg.txt` belongs to `a.jpg`, or, if there is no such file, to `a.jpg.png`."""
_ADD_LINE = """
INSERT INTO lines VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name, kind) DO UPDATE SET stamp = excluded.stamp, etag = excluded.etag,
body = excluded.body WHERE excluded.stamp >= lines.stamp
"""
_IMAGES = """
SELECT f.stem, f.name, f.owner, f.kind, f.size, f.modified, f.etag, l.kind, l.etag, l.body
FROM files f LEFT JOIN lines l ON f.kind = 'image' AND l.name = f.name
WHERE f.kind <> 'stranger' ORDER BY f.stem, f.name
"""


class IndexEntry(NamedTuple):
    """The index's entry about one object: its version, and its JSON, which is not validated."""

    etag: str
    body: bytes


class CatalogImage(NamedTuple):
    """An existing image, its sidecars by kind, and the index entries about it by kind."""

    image_id: str
    name: str
    stat: ObjectStat
    sidecars: dict[FileKind, ObjectStat]
    entries: dict[str, IndexEntry]
    shared: bool = False
    """Whether a PNG file has the same name without suffix, so that a recipe `<name>.json` may be
    that file's."""


@contextmanager
def open_catalog(
    storage: Storage, dataset: str, stop: StopCheck = never_stopped
) -> Iterator[Catalog]:
    """Read the listing and the index of the folder `dataset` into a temporary database, which ends
    with the block.

    Raises:
        InsufficientStorage: the dataset is large, and the folder for temporary files is full.
    """
    with scratch_errors(), closing(temporary_database(_TABLES, CACHE_KIB)) as database:
        database.execute("BEGIN")
        _fill(database, storage, dataset, stop)
        database.execute("COMMIT")
        yield Catalog(database, dataset)


class Catalog:
    """Valid inside the block of `open_catalog`; for one thread."""

    def __init__(self, database: sqlite3.Connection, dataset: str) -> None:
        self._database = database
        self.dataset = dataset
        query = "SELECT COUNT(*) FROM files WHERE kind = 'image'"
        self._count = int(database.execute(query).fetchone()[0])

    def count(self) -> int:
        """The number of images."""
        return self._count

    def images(self) -> Iterator[CatalogImage]:
        """All images, ordered by id. If two have the same name without suffix, the id of the later
        one is its name with suffix."""
        rows = self._database.execute(_IMAGES)
        for stem, group in groupby(rows, key=itemgetter(0)):
            images: dict[str, CatalogImage] = {}
            beside: dict[str, dict[FileKind, ObjectStat]] = {}
            for _, name, owner, kind, size, modified, etag, line, line_etag, body in group:
                if kind != "image":
                    stat = self._stat(name, size, modified, etag)
                    beside.setdefault(owner, {})[kind] = stat
                    continue
                if name not in images:
                    stat = self._stat(name, size, modified, etag)
                    image_id = name if images else stem
                    images[name] = CatalogImage(image_id, name, stat, {}, {})
                if line is not None:
                    images[name].entries[line] = IndexEntry(line_etag, body)
            yield from _with_sidecars(stem, images, beside)

    def strangers(self) -> Iterator[str]:
        """Names of the files that are neither images nor sidecars, ordered."""
        query = "SELECT name FROM files WHERE kind = 'stranger' ORDER BY name"
        return (name for (name,) in self._database.execute(query))

    def _stat(self, name: str, size: int, modified: float, etag: str) -> ObjectStat:
        modified_at = datetime.fromtimestamp(modified, UTC)
        return ObjectStat(f"{self.dataset}/{name}", size, modified_at, etag)


def _with_sidecars(
    stem: str, images: dict[str, CatalogImage], beside: dict[str, dict[FileKind, ObjectStat]]
) -> Iterator[CatalogImage]:
    """The images with the name `stem` without suffix. Each gets the sidecars with its whole name;
    sidecars with the name `stem` belong to all of them."""
    pngs = [name for name in images if name.lower().endswith(".png")] if len(images) > 1 else []
    for name, image in images.items():
        own = beside.get(name, {})
        image.sidecars.update(beside.get(stem, {}))
        image.sidecars.update(own)
        shared = bool(pngs) and name not in pngs and "recipe" not in own
        yield image._replace(shared=True) if shared else image


def _fill(database: sqlite3.Connection, storage: Storage, dataset: str, stop: StopCheck) -> None:
    shards: list[str] = []
    database.executemany(_ADD_FILE, _files(storage, dataset, shards, stop))
    database.execute(_MOVE_TO_STEM)
    for key in shards:
        stop()
        database.executemany(_ADD_LINE, read_shard(storage, key))


def _files(
    storage: Storage, dataset: str, shards: list[str], stop: StopCheck
) -> Iterator[tuple[object, ...]]:
    """Rows for the table `files`. Appends the keys of index shards to `shards`."""
    for stat in storage.list(dataset):
        stop()
        name = stat.key[len(dataset) + 1 :]
        if name.startswith(_INDEX):
            shards.append(stat.key)
        elif not is_hidden(name) and not (is_area(dataset) and "/" in name):
            placed = _place(storage, stat.key, name)
            if placed is not None:
                modified = stat.modified_at.timestamp()
                stem, owner, kind = placed
                yield stem, name, owner, kind, stat.size_bytes, modified, stat.etag


def _place(storage: Storage, key: str, name: str) -> tuple[str, str, str] | None:
    """Stem, owner and kind of a file; None for a document, which does not belong to a dataset."""
    found = classify(name)
    if found is None:
        if is_document_name(name):
            return None
        return name, name, "image" if has_image_content(storage, key) else "stranger"
    stem, kind = found
    return (stem, name, kind) if kind == "image" else (stem_of(stem), stem, kind)

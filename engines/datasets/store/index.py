"""The index of a dataset: append-only files (shards) with copies of the images' sidecars.

With the index, 100,000 images can be listed without 100,000 reads. If the index differs from the
stored objects, the objects are used.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from engines.datasets.store.layout import INDEX_FOLDER
from engines.errors import InferloopError

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.datasets.records.facts import FileFacts
    from engines.datasets.sidecars.descriptions import Description
    from engines.datasets.sidecars.reviews import KeptReview
    from engines.datasets.sidecars.verdict import Verdict
    from engines.protocols import Storage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexLine:
    """One line of the index.

    `name`: the image, relative to the dataset. `stamp`: the time; of several lines of one kind the
    latest counts. `etag`: version of the indexed object, empty for recipes, which never change.
    `body`: JSON of the object.
    """

    name: str
    kind: str
    stamp: str
    etag: str
    body: bytes

    def to_json(self) -> bytes:
        """The line as JSON, with a line end."""
        head = orjson.dumps([self.name, self.kind, self.stamp, self.etag])
        return head[:-1] + b"," + self.body + b"]\n"


def recipe_line(name: str, recipe: Recipe) -> IndexLine:
    """A line about a recipe."""
    return IndexLine(name, "image", recipe.created_at.isoformat(), "", recipe.to_json())


def verdict_line(name: str, verdict: Verdict, etag: str) -> IndexLine:
    """A line about a verdict, valid while the object has this `etag`."""
    stamp = verdict.judged_at.isoformat()
    return IndexLine(name, verdict.kind, stamp, etag, verdict.to_json())


def review_line(name: str, kept: KeptReview, etag: str, now: datetime) -> IndexLine:
    """A line about a review, valid while the object has this `etag`."""
    return IndexLine(name, "review", now.isoformat(), etag, kept.to_json())


def description_line(name: str, said: Description, etag: str) -> IndexLine:
    """A line about a description, valid while the object has this `etag`."""
    return IndexLine(name, "description", said.described_at.isoformat(), etag, said.to_json())


def removal_line(name: str, stamp: datetime) -> IndexLine:
    """A line about the removal of an image, which shows readers of the index that the dataset
    changed."""
    return IndexLine(name, "removed", stamp.isoformat(), "", b'{"removed":true}')


def facts_line(name: str, facts: FileFacts, etag: str, now: datetime) -> IndexLine:
    """A line of facts about an image not generated here, valid while the image has this `etag`."""
    return IndexLine(name, "facts", now.isoformat(), etag, orjson.dumps(facts._asdict()))


ShardRow = tuple[str, str, str, str, bytes]
"""Name, kind, stamp, etag, body: see `IndexLine`."""

_BODY = b'",{"'
"""Separates the head and the body of a line. It cannot occur inside a JSON string, where quotes are
escaped."""
_END = b"}]\n"


def read_shard(storage: Storage, key: str) -> Iterator[ShardRow]:
    """The lines of a shard, with unparsed bodies. Lines that a crash left incomplete are skipped;
    their objects are found by listing."""
    with storage.open(key) as file:
        yield from _rows(file, key)


def read_shard_on(storage: Storage, key: str, start: int) -> tuple[list[ShardRow], int]:
    """The complete lines from byte `start` on, and the position after the last of them."""
    content = storage.read(key, start)
    whole = content[: content.rfind(b"\n") + 1]
    return list(_rows(whole.splitlines(keepends=True), key)), start + len(whole)


def _rows(lines: Iterable[bytes], key: str) -> Iterator[ShardRow]:
    for line in lines:
        head, _, rest = line.partition(_BODY)
        try:
            name, kind, stamp, etag = orjson.loads(head + b'"]')
        except ValueError:  # no JSON, or not four
            rest = b""
        if not rest.endswith(_END):
            logger.warning("index line skipped", extra={"key": key, "bytes": len(line)})
            continue
        yield name, kind, stamp, etag, b'{"' + rest[:-2]


class IndexWriter:
    """Appends to its own shards, which no other process writes. Begins a new one at `shard_bytes`
    bytes."""

    def __init__(
        self, storage: Storage, dataset_key: str, shard_bytes: int, started_at: datetime
    ) -> None:
        self._storage = storage
        self._stem = (
            f"{dataset_key}/{INDEX_FOLDER}/{started_at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"
        )
        self._shard_bytes = shard_bytes
        self._number = 0
        self._size_bytes = 0
        self._lock = threading.Lock()

    def append(self, *lines: IndexLine) -> None:
        """Append lines. A failure is only logged, because the objects are stored already and can be
        read without the index."""
        content = b"".join(line.to_json() for line in lines)
        with self._lock:
            if self._size_bytes and self._size_bytes + len(content) > self._shard_bytes:
                self._next_shard()
            key = f"{self._stem}-{self._number:05d}.jsonl"
            try:
                self._storage.append(key, content)
            except InferloopError as error:
                logger.warning("index not written", extra={"key": key, "error": str(error)})
                self._next_shard()
            else:
                self._size_bytes += len(content)

    def _next_shard(self) -> None:
        self._number += 1
        self._size_bytes = 0

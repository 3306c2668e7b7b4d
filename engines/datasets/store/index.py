"""Append-only shards that say again what lies beside the images, so that 100,000 images are
listed without 100,000 reads. A shard is a hint, never the truth: the objects are."""

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
    """One entry: `name` is relative to the dataset, `etag` the version of the indexed object
    (empty for recipes, which never change), `body` the JSON of the object."""

    name: str
    kind: str
    stamp: str
    etag: str
    body: bytes

    def to_json(self) -> bytes:
        """One line of the index file, JSON, with its line end."""
        head = orjson.dumps([self.name, self.kind, self.stamp, self.etag])
        return head[:-1] + b"," + self.body + b"]\n"


def recipe_line(name: str, recipe: Recipe) -> IndexLine:
    """Entry of a recipe."""
    return IndexLine(name, "image", recipe.created_at.isoformat(), "", recipe.to_json())


def verdict_line(name: str, verdict: Verdict, etag: str) -> IndexLine:
    """Entry of a verdict, valid as long as the object still has `etag`."""
    stamp = verdict.judged_at.isoformat()
    return IndexLine(name, verdict.kind, stamp, etag, verdict.to_json())


def review_line(name: str, kept: KeptReview, etag: str, now: datetime) -> IndexLine:
    """Entry of a review, valid as long as the object still has `etag`."""
    return IndexLine(name, "review", now.isoformat(), etag, kept.to_json())


def description_line(name: str, said: Description, etag: str) -> IndexLine:
    """Entry of a description, valid as long as the object still has `etag`."""
    return IndexLine(name, "description", said.described_at.isoformat(), etag, said.to_json())


def removal_line(name: str, stamp: datetime) -> IndexLine:
    """Says that an image was removed: a listing shows by itself that it is gone, and this that
    the dataset has changed."""
    return IndexLine(name, "removed", stamp.isoformat(), "", b'{"removed":true}')


def facts_line(name: str, facts: FileFacts, etag: str, now: datetime) -> IndexLine:
    """Entry of what was read of an image of others, valid as long as the image still has `etag`."""
    return IndexLine(name, "facts", now.isoformat(), etag, orjson.dumps(facts._asdict()))


ShardRow = tuple[str, str, str, str, bytes]
"""Name, kind, stamp, etag, body: see `IndexLine`."""

_BODY = b'",{"'
"""Between head and body. Inside a JSON string it cannot stand: there quotes are escaped."""
_END = b"}]\n"


def read_shard(storage: Storage, key: str) -> Iterator[ShardRow]:
    """The lines of a shard. Bodies are left as they are, to be parsed when somebody asks for
    their image. A line torn by a crash is passed over, because the objects that it speaks of are
    found by listing."""
    with storage.open(key) as file:
        yield from _rows(file, key)


def read_shard_on(storage: Storage, key: str, start: int) -> tuple[list[ShardRow], int]:
    """The lines from byte `start` on that are written whole, and where the next one begins."""
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
            logger.warning("index line passed over", extra={"key": key, "bytes": len(line)})
            continue
        yield name, kind, stamp, etag, b'{"' + rest[:-2]


class IndexWriter:
    """Appends to shards that nobody else writes; starts the next one at `shard_bytes`."""

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
        """Add entries. A failure is logged, not raised: what it indexes is stored already and
        stays readable without it."""
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

"""One exporter per target, told by an object in the storage itself, so that it holds between
machines; a dead exporter's lock expires."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from engines.errors import Conflict, NotFound

if TYPE_CHECKING:
    from engines.datasets.store import UtcClock
    from engines.protocols import Storage
    from engines.types import ObjectStat

LOCK_FOLDER = "exports/.locks"


class ExportLock:
    """Held between `hold_lock`'s start and end. Call `renew` while working."""

    def __init__(self, storage: Storage, target: str, clock: UtcClock, ttl_s: float) -> None:
        digest = hashlib.sha256(target.encode()).hexdigest()[:32]
        self.key = f"{LOCK_FOLDER}/{digest}.json"
        self._storage, self._target = storage, target
        self._clock, self._ttl = clock, timedelta(seconds=ttl_s)
        self._owner = uuid.uuid4().hex
        self._etag = ""
        self._renewed_at = clock()

    def acquire(self) -> None:
        """Take the lock; `Conflict` if another export holds it and has not let it expire."""
        try:
            self._etag = self._storage.put_new(self.key, self._content()).etag
        except Conflict:
            found = self._existing()
            if found is not None and self._expires_at(found) > self._clock():
                raise self._held() from None
            self._take_over(found)
        self._renewed_at = self._clock()

    def refuse_if_held(self) -> None:
        """`Conflict` if another export holds it and has not let it expire."""
        found = self._existing()
        if found is not None and self._expires_at(found) > self._clock():
            raise self._held()

    def renew(self, force: bool = False) -> None:
        """Prolong, if a quarter of the time has passed; `Conflict` if it was taken from us."""
        if force or self._clock() - self._renewed_at > self._ttl / 4:
            self._etag = self._storage.replace(self.key, self._content(), self._etag).etag
            self._renewed_at = self._clock()

    def release(self) -> None:
        """Give it up, unless it is no longer ours."""
        found = self._existing()
        if found is not None and found.etag == self._etag:
            self._storage.delete(self.key)

    def _take_over(self, found: ObjectStat | None) -> None:
        try:
            if found is None:
                self._etag = self._storage.put_new(self.key, self._content()).etag
            else:
                self._etag = self._storage.replace(self.key, self._content(), found.etag).etag
        except Conflict:
            raise self._held() from None

    def _existing(self) -> ObjectStat | None:
        try:
            return self._storage.stat(self.key)
        except NotFound:
            return None

    def _expires_at(self, found: ObjectStat) -> datetime:
        try:
            content = orjson.loads(self._storage.read(self.key))
            return datetime.fromisoformat(content["expires_at"])
        except NotFound:
            return found.modified_at  # released between two looks
        except (ValueError, KeyError, TypeError):
            return found.modified_at + self._ttl

    def _content(self) -> bytes:
        expires_at = (self._clock() + self._ttl).isoformat()
        return orjson.dumps(
            {"owner": self._owner, "target": self._target, "expires_at": expires_at}
        )

    def _held(self) -> Conflict:
        return Conflict(f"An export to {self._target} is running")


def refuse_if_locked(storage: Storage, target: str, clock: UtcClock, ttl_s: float = 600.0) -> None:
    """Raise `Conflict` if an export to `target` is running. Takes no lock: deleting must work on
    a full disk too."""
    lock = ExportLock(storage, target, clock, ttl_s)
    lock.refuse_if_held()


@contextmanager
def hold_lock(storage: Storage, target: str, clock: UtcClock, ttl_s: float) -> Iterator[ExportLock]:
    """Hold the lock of `target` for the block; `Conflict` at once if it is held."""
    lock = ExportLock(storage, target, clock, ttl_s)
    lock.acquire()
    try:
        yield lock
    finally:
        lock.release()

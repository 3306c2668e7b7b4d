"""A lock that allows one exporter per target. It is an object in the storage, so that it also works
between machines.

The lock is a lease of some seconds. A thread renews it while its process runs. Another exporter
takes the lock over when the lease has expired, and at once if the holder is a process of the same
machine that has ended. A holder that was paused for longer than its lease finds another owner in
the lock before it publishes (`ExportLock.renew` with `force`), and then raises `Conflict`.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from engines.datasets.sidecars.moments import moment_of
from engines.datasets.writers.holder import Holder, is_dead, this_process
from engines.errors import Conflict, InferloopError, NotFound

if TYPE_CHECKING:
    from engines.datasets.store.store import UtcClock
    from engines.protocols import Storage

LOCK_FOLDER = "exports/.locks"
LEASE_S = 20.0
"""Longer than the difference between the clocks of two machines, and short enough to wait for."""
RENEWALS_PER_LEASE = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    """A lock that was read from the storage."""

    etag: str
    owner: str
    expires_at: datetime
    holder: Holder | None

    def is_held(self, now: datetime) -> bool:
        dead = self.holder is not None and is_dead(self.holder)
        return self.expires_at > now and not dead


class ExportLock:
    """The lock of one target. `hold_lock` acquires and releases it. Safe to share between
    threads."""

    def __init__(self, storage: Storage, target: str, clock: UtcClock, ttl_s: float) -> None:
        digest = hashlib.sha256(target.encode()).hexdigest()[:32]
        self.key = f"{LOCK_FOLDER}/{digest}.json"
        self._storage, self._target = storage, target
        self._clock, self._ttl = clock, timedelta(seconds=ttl_s)
        self._owner = uuid.uuid4().hex
        self._holder = this_process()
        self._etag = ""
        self._renewed_at = clock()
        self._turn = threading.Lock()

    def acquire(self) -> None:
        """Take the lock. Raises `Conflict` if another export holds it, unless its lease has expired
        or its process has certainly ended."""
        try:
            self._etag = self._storage.put_new(self.key, self._content()).etag
        except Conflict:
            found = self._existing()
            if found is not None and found.is_held(self._clock()):
                raise self._held() from None
            self._take_over(found)
        self._renewed_at = self._clock()

    def refuse_if_held(self) -> None:
        """Raise `Conflict` if `acquire` would raise it."""
        found = self._existing()
        if found is not None and found.is_held(self._clock()):
            raise self._held()

    def renew(self, force: bool = False) -> None:
        """Renew the lease if a fifth of it has passed, or always with `force`. Raises `Conflict`
        if another export has taken the lock over."""
        with self._turn:
            if force or self._clock() - self._renewed_at > self._ttl / RENEWALS_PER_LEASE:
                self._etag = self._prolonged()
                self._renewed_at = self._clock()

    def release(self) -> None:
        """Remove the lock, unless another owner has taken it."""
        with self._turn:
            if self._is_ours():
                self._storage.delete(self.key)

    def _is_ours(self) -> bool:
        try:
            if self._storage.stat(self.key).etag == self._etag:
                return True
        except NotFound:
            return False
        found = self._existing()  # another owner's, or our own renewal whose answer was lost
        return found is not None and found.owner == self._owner

    def _prolonged(self) -> str:
        try:
            return self._storage.replace(self.key, self._content(), self._etag).etag
        except Conflict:
            found = self._existing()
            if found is None or found.owner != self._owner:
                raise Conflict(f"Another export to {self._target} has taken over") from None
            # An earlier renewal succeeded, but its answer was lost.
            return self._storage.replace(self.key, self._content(), found.etag).etag

    def _take_over(self, found: _Found | None) -> None:
        try:
            if found is None:
                self._etag = self._storage.put_new(self.key, self._content()).etag
            else:
                self._etag = self._storage.replace(self.key, self._content(), found.etag).etag
        except Conflict:
            raise self._held() from None

    def _existing(self) -> _Found | None:
        try:
            stat = self._storage.stat(self.key)
            content = self._storage.read(self.key)
        except NotFound:
            return None
        try:
            found = orjson.loads(content)
            expires_at = moment_of(found["expires_at"])
            holder = Holder.of(found.get("holder"))
            return _Found(stat.etag, str(found["owner"]), expires_at, holder)
        except (ValueError, KeyError, TypeError):
            return _Found(stat.etag, "", stat.modified_at + self._ttl, None)

    def _content(self) -> bytes:
        expires_at = (self._clock() + self._ttl).isoformat()
        lock = {"owner": self._owner, "target": self._target, "expires_at": expires_at}
        return orjson.dumps({**lock, "holder": list(self._holder)})

    def _held(self) -> Conflict:
        return Conflict(f"An export to {self._target} is running")


def refuse_if_locked(
    storage: Storage, target: str, clock: UtcClock, ttl_s: float = LEASE_S
) -> None:
    """Raise `Conflict` if an export to `target` is running. Takes no lock, so that exports can be
    deleted even when the disk is full."""
    lock = ExportLock(storage, target, clock, ttl_s)
    lock.refuse_if_held()


@contextmanager
def hold_lock(
    storage: Storage, target: str, clock: UtcClock, ttl_s: float = LEASE_S
) -> Iterator[ExportLock]:
    """Hold the lock of `target` during the block, and renew it in a thread. `ttl_s`: length of the
    lease in seconds. Raises `Conflict` at once if another export holds the lock."""
    lock = ExportLock(storage, target, clock, ttl_s)
    lock.acquire()
    ended = threading.Event()
    every_s = ttl_s / RENEWALS_PER_LEASE
    keeper = threading.Thread(target=_keep, args=(lock, every_s, ended), daemon=True)
    keeper.start()
    try:
        yield lock
    finally:
        ended.set()
        lock.release()


def _keep(lock: ExportLock, every_s: float, ended: threading.Event) -> None:
    while not ended.wait(every_s):
        try:
            lock.renew(force=True)
        except Conflict:
            return  # the exporter gets the same error when it renews the lock before publishing
        except InferloopError as error:
            logger.warning("The lock of an export is not renewed: %s", error)

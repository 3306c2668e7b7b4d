"""How much each owner has stored: a ledger in the data root, written as things are stored.

    .usage/<owner>/<writer>-<n>.jsonl     lines: [key, bytes more (or less)]

An owner is an API key or a space that has a quota; nobody else is counted. Each process writes
shards of its own and reads those of the others again after `refresh_s`: what several processes
store for one owner within that time may pass the quota together. A process that dies between
storing and counting leaves that one object uncounted.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from engines.errors import InsufficientStorage, NotFound
from engines.protocols import Clock

if TYPE_CHECKING:
    from engines.protocols import Storage

FOLDER = ".usage"
REFRESH_S = 5.0
SHARD_BYTES = 256 * 1024
"""S3 writes a shard again at every append."""


@dataclass(slots=True)
class _Shard:
    """What has been read of a shard."""

    read_bytes: int = 0
    total_bytes: int = 0


@dataclass(slots=True)
class _Account:
    shards: dict[str, _Shard] = field(default_factory=dict)
    read_at: float | None = None
    reserved_bytes: int = 0
    own_shard: str = ""
    own_bytes: int = 0

    def total_bytes(self) -> int:
        return max(0, sum(shard.total_bytes for shard in self.shards.values()))


class UsageLedger:
    """Blocks on storage; shared between threads."""

    def __init__(
        self, storage: Storage, clock: Clock = time.monotonic, refresh_s: float = REFRESH_S
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._refresh_s = refresh_s
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.RLock()

    def used_bytes(self, owner: str) -> int:
        """Stored by the owner, as far as it was counted."""
        with self._lock:
            return self._refreshed(owner).total_bytes()

    def reserve(self, owner: str, quota_bytes: int, size_bytes: int) -> None:
        """Hold room for something about to be stored; `release` it in any case.

        Raises:
            InsufficientStorage: so much more would pass the quota.
        """
        with self._lock:
            account = self._refreshed(owner)
            used = account.total_bytes()
            if used + account.reserved_bytes + size_bytes > quota_bytes:
                message = f"The storage quota of {quota_bytes} bytes is spent: {used} are stored"
                raise InsufficientStorage(message, "quota", quota_bytes, used)
            account.reserved_bytes += size_bytes

    def release(self, owner: str, size_bytes: int) -> None:
        """Give a reservation back."""
        with self._lock:
            account = self._accounts[owner]
            account.reserved_bytes = max(0, account.reserved_bytes - size_bytes)

    def add(self, owner: str, key: str, size_bytes: int) -> None:
        """The owner has stored `key`; a negative size is taken off."""
        with self._lock:
            account = self._account(owner)
            self._write(owner, account, key, size_bytes)

    def forget(self, key: str) -> None:
        """`key`, or everything below the folder of that name, is deleted: whoever stored it has
        that room again."""
        with self._lock:
            for folder in self._storage.list_folders(FOLDER):
                account = self._account(folder)
                counted: dict[str, int] = {}
                for found, size in self._lines(folder):
                    if found == key or found.startswith(f"{key}/"):
                        counted[found] = counted.get(found, 0) + size
                for found, size in counted.items():
                    if size:
                        self._write(folder, account, found, -size)

    def _account(self, owner: str) -> _Account:
        return self._accounts.setdefault(owner, _Account())

    def _refreshed(self, owner: str) -> _Account:
        account, now = self._account(owner), self._clock()
        if account.read_at is None or now - account.read_at >= self._refresh_s:
            for stat in self._storage.list(f"{FOLDER}/{owner}"):
                shard = account.shards.setdefault(stat.key, _Shard())
                if stat.size_bytes > shard.read_bytes:
                    self._read_on(stat.key, shard)
            account.read_at = now
        return account

    def _read_on(self, key: str, shard: _Shard) -> None:
        content = self._storage.read(key, shard.read_bytes)
        whole = content[: content.rfind(b"\n") + 1]
        shard.read_bytes += len(whole)
        shard.total_bytes += sum(size for _, size in _parsed(whole))

    def _lines(self, owner: str) -> Iterator[tuple[str, int]]:
        for stat in self._storage.list(f"{FOLDER}/{owner}"):
            try:
                yield from _parsed(self._storage.read(stat.key))
            except NotFound:  # swept meanwhile
                continue

    def _write(self, owner: str, account: _Account, key: str, size_bytes: int) -> None:
        line = orjson.dumps([key, size_bytes]) + b"\n"
        if not account.own_shard or account.own_bytes + len(line) > SHARD_BYTES:
            account.own_shard = f"{FOLDER}/{owner}/{uuid.uuid4().hex}.jsonl"
            account.own_bytes = 0
        self._storage.append(account.own_shard, line)
        account.own_bytes += len(line)
        shard = account.shards.setdefault(account.own_shard, _Shard())
        shard.read_bytes += len(line)
        shard.total_bytes += size_bytes


def owner_folder(kind: str, name: str) -> str:
    """Folder of an owner, from whatever its name is: ("key", "alice"), ("space", "a/b")."""
    return f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _parsed(content: bytes) -> Iterator[tuple[str, int]]:
    """Lines torn by a crash are passed over."""
    for line in content.splitlines():
        try:
            key, size = orjson.loads(line)
            yield str(key), int(size)
        except (ValueError, TypeError):
            continue

"""Count the bytes that each owner has stored, in a ledger in the data root.

    .usage/<owner>/<id>.jsonl     lines: [key, bytes added (or, if negative, removed)]

An owner is an API key or a space with a quota; others are not counted. Each process writes its own
files, and reads those of the others again after `refresh_s` seconds. Within that time several
processes together may exceed a quota. If a process is killed between storing and counting an
object, that object stays uncounted.
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
"""Largest ledger file; on S3 every append writes the whole file."""


@dataclass(slots=True)
class _Shard:
    """How much of a ledger file was read, and the sum of its lines."""

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
    """The ledger of all owners. Blocks on storage; threads may share it."""

    def __init__(
        self, storage: Storage, clock: Clock = time.monotonic, refresh_s: float = REFRESH_S
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._refresh_s = refresh_s
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.RLock()

    def used_bytes(self, owner: str) -> int:
        """Bytes that the owner has stored, according to the ledger."""
        with self._lock:
            return self._refreshed(owner).total_bytes()

    def reserve(self, owner: str, quota_bytes: int, size_bytes: int) -> None:
        """Reserve bytes of the quota before storing an object. The caller must `release` them in
        any case, after `add` if the object was stored.

        Raises:
            InsufficientStorage: `size_bytes` more would exceed the quota.
        """
        with self._lock:
            account = self._refreshed(owner)
            used, reserved = account.total_bytes(), account.reserved_bytes
            if used + reserved + size_bytes > quota_bytes:
                running = f", {reserved} are reserved by running requests" if reserved else ""
                message = (
                    f"The storage quota of {quota_bytes} bytes has no room for {size_bytes} more: "
                    f"{used} are stored{running}"
                )
                raise InsufficientStorage(message, "quota", quota_bytes, used)
            account.reserved_bytes += size_bytes

    def release(self, owner: str, size_bytes: int) -> None:
        """End a reservation."""
        with self._lock:
            account = self._accounts[owner]
            account.reserved_bytes = max(0, account.reserved_bytes - size_bytes)

    def add(self, owner: str, key: str, size_bytes: int) -> None:
        """Count bytes that the owner stored under `key`; a negative size is subtracted."""
        with self._lock:
            account = self._account(owner)
            self._write(owner, account, key, size_bytes)

    def forget(self, key: str) -> None:
        """Subtract the bytes of the deleted object `key`, or of all objects below the deleted
        folder `key`, from the accounts of the owners that stored them."""
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
    """Folder name of an owner: `kind` is "key" or "space", `name` any text, of which the folder has
    only a digest."""
    return f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _parsed(content: bytes) -> Iterator[tuple[str, int]]:
    """Key and bytes of each line; skips lines that are incomplete because of a crash."""
    for line in content.splitlines():
        try:
            key, size = orjson.loads(line)
            yield str(key), int(size)
        except (ValueError, TypeError):
            continue

"""A storage that counts reads and can fail, and a clock for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from engines.errors import InsufficientStorage, StorageFailed
from engines.protocols import Storage
from engines.types import ObjectStat


class CountingStorage:
    """A storage that counts reads, and fails the calls that the test selects."""

    def __init__(self, inner: Storage) -> None:
        self.inner = inner
        self.reads: list[str] = []
        self.failing: dict[str, str] = {}
        self.full: dict[str, str] = {}

    def _check(self, method: str, key: str) -> None:
        suffix = self.failing.get(method)
        if suffix is not None and key.endswith(suffix):
            raise StorageFailed(f"{method} {key}")
        suffix = self.full.get(method)
        if suffix is not None and key.endswith(suffix):
            raise InsufficientStorage(f"{method} {key}")

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        self._check("put_new", key)
        return self.inner.put_new(key, content)

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        self._check("replace", key)
        return self.inner.replace(key, content, if_match)

    def create(self, key: str) -> AbstractContextManager[BinaryIO]:
        self._check("create", key)
        return self.inner.create(key)

    def append(self, key: str, record: bytes) -> None:
        self._check("append", key)
        self.inner.append(key, record)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        self.reads.append(key)
        return self.inner.read(key, start, length)

    def open(self, key: str) -> BinaryIO:
        self.reads.append(key)
        return self.inner.open(key)

    def stat(self, key: str) -> ObjectStat:
        return self.inner.stat(key)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        return self.inner.list(prefix, after)

    def list_refused(self, prefix: str) -> Iterator[str]:
        return self.inner.list_refused(prefix)

    def folder_version(self, prefix: str) -> str | None:
        return self.inner.folder_version(prefix)

    def list_folders(self, prefix: str) -> Iterator[str]:
        return self.inner.list_folders(prefix)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def free_bytes(self) -> int | None:
        return self.inner.free_bytes()

    def presign(self, key: str, expires_s: int) -> str | None:
        return self.inner.presign(key, expires_s)


class StepClock:
    """A clock that moves by one second at every call."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

"""Storage quotas: how many bytes one key, or all keys of a space together, may store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serve_app.services import Usage

if TYPE_CHECKING:
    from engines.types import GenerationRequest
    from serve_app.access.caller import Caller

TYPICAL_BYTES = 1
"""Size to reserve if the real size is not known before: refused only if the quota is used up."""


@dataclass(slots=True)
class Room:
    """Counts what was stored in the room that was reserved."""

    stored: list[tuple[str, int]] = field(default_factory=list)

    def add(self, key: str, size_bytes: int) -> None:
        """Count that `size_bytes` were stored under `key`."""
        self.stored.append((key, size_bytes))


class StorageQuota:
    """Checks storage quotas. The ledger is read only for callers that have a quota."""

    def __init__(self, usage: Usage, default_bytes: int | None) -> None:
        self._usage = usage
        self._default_bytes = default_bytes

    @asynccontextmanager
    async def room(self, caller: Caller, size_bytes: int = TYPICAL_BYTES) -> AsyncIterator[Room]:
        """Reserve room within the block. What the block stored is counted, even if it fails
        afterwards.

        Raises `InsufficientStorage`, before anything runs, if that much more would exceed the
        quota.
        """
        room, quota, owner = Room(), self._quota_of(caller), owner_of(caller)
        if quota is None:
            yield room
            return
        await self._usage.reserve(owner, quota, size_bytes)
        try:
            yield room
        finally:
            await self._usage.settle(owner, size_bytes, room.stored)

    async def forget(self, key: str) -> None:
        """Count `key`, or everything below it, as deleted."""
        await self._usage.forget(key)

    def _quota_of(self, caller: Caller) -> int | None:
        own = caller.max_stored_bytes
        return self._default_bytes if own is None else own


def expected_bytes(requests: Sequence[GenerationRequest]) -> int:
    """Upper estimate of the bytes of the images of these requests: a PNG is smaller than its
    pixels."""
    return sum(3 * request.width * request.height for request in requests)


def owner_of(caller: Caller) -> tuple[str, str]:
    """Whose quota the caller uses: a space has one quota for all its keys."""
    return ("space", caller.space) if caller.space is not None else ("key", caller.name)

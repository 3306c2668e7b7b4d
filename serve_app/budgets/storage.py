"""How much a key, or all keys of a space together, may have stored."""

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
"""Asked for where nobody knows the size before: refused only when the quota is spent."""


@dataclass(slots=True)
class Room:
    """What was stored in the room that was held."""

    stored: list[tuple[str, int]] = field(default_factory=list)

    def add(self, key: str, size_bytes: int) -> None:
        """So many bytes were written under `key`."""
        self.stored.append((key, size_bytes))


class StorageQuota:
    """Asks the ledger only for callers that have a quota."""

    def __init__(self, usage: Usage, default_bytes: int | None) -> None:
        self._usage = usage
        self._default_bytes = default_bytes

    @asynccontextmanager
    async def room(self, caller: Caller, size_bytes: int = TYPICAL_BYTES) -> AsyncIterator[Room]:
        """Hold room within the block; what the block says it stored is counted, even when it
        fails afterwards.

        Raises:
            InsufficientStorage: so much more would pass the quota; nothing was run.
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
        """`key`, or all below it, is deleted."""
        await self._usage.forget(key)

    def _quota_of(self, caller: Caller) -> int | None:
        own = caller.max_stored_bytes
        return self._default_bytes if own is None else own


def expected_bytes(requests: Sequence[GenerationRequest]) -> int:
    """What the images of these requests take at most, about: a PNG is smaller than its pixels."""
    return sum(3 * request.width * request.height for request in requests)


def owner_of(caller: Caller) -> tuple[str, str]:
    """Whose storage it is: all keys of a space share its quota."""
    return ("space", caller.space) if caller.space is not None else ("key", caller.name)

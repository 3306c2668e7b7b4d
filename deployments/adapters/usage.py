"""Implements `Usage` with the ledger in the data root, on separate threads."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.background import Threads
from engines.storage.usage import UsageLedger, owner_folder


class LedgerUsage:
    """One thread is enough, because the ledger handles one request at a time."""

    def __init__(self, ledger: UsageLedger, threads: Threads) -> None:
        self._ledger = ledger
        self._threads = threads

    async def reserve(self, owner: tuple[str, str], quota_bytes: int, size_bytes: int) -> None:
        folder = owner_folder(*owner)
        await self._threads.run(self._ledger.reserve, folder, quota_bytes, size_bytes)

    async def settle(
        self, owner: tuple[str, str], size_bytes: int, stored: Sequence[tuple[str, int]]
    ) -> None:
        await self._threads.run(self._settle, owner_folder(*owner), size_bytes, stored)

    async def forget(self, key: str) -> None:
        await self._threads.run(self._ledger.forget, key)

    def _settle(self, folder: str, size_bytes: int, stored: Sequence[tuple[str, int]]) -> None:
        try:
            for key, size in stored:
                self._ledger.add(folder, key, size)
        finally:
            self._ledger.release(folder, size_bytes)

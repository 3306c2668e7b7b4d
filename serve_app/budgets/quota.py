"""Limits per key in this ingress replica: running jobs, open sockets, downloads, upload bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import Overloaded


class Quota:
    """Limits how many things, such as WebSockets, each key has at the same time. For use in one
    event loop, not from threads."""

    def __init__(
        self, what: str, limit: int, retry_after_s: float = 1.0, total: int | None = None
    ) -> None:
        """`total` is the limit for all keys together."""
        self._what = what
        self._limit = limit
        self._retry_after_s = retry_after_s
        self._total = total
        self._held: Counter[str] = Counter()

    @contextmanager
    def hold(self, key_hash: str, count: int = 1) -> Iterator[None]:
        """Count `count` things of the key within the block.

        Raises `Overloaded` at once if that is more than the limit.
        """
        if self._held[key_hash] + count > self._limit:
            message = f"More than {self._limit} {self._what} at once for this API key"
            raise Overloaded(message, self._retry_after_s)
        if self._total is not None and self.total + count > self._total:
            raise Overloaded(f"Too many {self._what} at once", self._retry_after_s)
        self._held[key_hash] += count
        try:
            yield
        finally:
            self._held[key_hash] -= count
            if not self._held[key_hash]:
                del self._held[key_hash]

    def held(self, key_hash: str) -> int:
        """Current number of things of this key."""
        return self._held.get(key_hash, 0)

    @property
    def total(self) -> int:
        """Current number of things of all keys."""
        return self._held.total()

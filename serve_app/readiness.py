"""Readiness asked of the deployments once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engines.protocols import Clock
from serve_app.services import Readiness

KEPT_S = 1.0


class SharedReadiness:
    """`Readiness` over another: an answer holds for `kept_s` seconds, and everybody who comes while
    it is sought waits for the same one. So strangers, who need no key for it, cannot multiply it.
    One event loop."""

    def __init__(self, asked: Readiness, clock: Clock, kept_s: float = KEPT_S) -> None:
        self._asked = asked
        self._clock = clock
        self._kept_s = kept_s
        self._flight: asyncio.Task[Sequence[str]] | None = None
        self._ended_at = 0.0

    async def not_ready(self) -> Sequence[str]:
        flight = self._flight
        if flight is None or (flight.done() and not self._still_holds(flight)):
            flight = self._flight = asyncio.create_task(self._ask())
        return await asyncio.shield(flight)  # who leaves does not end it for the others

    def _still_holds(self, flight: asyncio.Task[Sequence[str]]) -> bool:
        failed = flight.cancelled() or flight.exception() is not None
        return not failed and self._clock() - self._ended_at < self._kept_s

    async def _ask(self) -> Sequence[str]:
        found = tuple(await self._asked.not_ready())
        self._ended_at = self._clock()
        return found

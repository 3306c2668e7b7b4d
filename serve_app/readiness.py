"""Readiness of the deployments: one look-up answers all requests of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engines.protocols import Clock
from serve_app.services import Readiness

KEPT_S = 1.0


class SharedReadiness:
    """Caches another `Readiness` for `kept_s` seconds.

    Requests that come while it is looked up wait for the same answer. So strangers, who need no key
    to ask, cannot cause many look-ups. For one event loop.
    """

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
        return await asyncio.shield(
            flight
        )  # The look-up continues for the others if one of them leaves.

    def _still_holds(self, flight: asyncio.Task[Sequence[str]]) -> bool:
        failed = flight.cancelled() or flight.exception() is not None
        return not failed and self._clock() - self._ended_at < self._kept_s

    async def _ask(self) -> Sequence[str]:
        found = tuple(await self._asked.not_ready())
        self._ended_at = self._clock()
        return found

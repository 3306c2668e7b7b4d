"""Waiting for a state that another thread or process causes. Tests wait for nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""Time limit for a state that normally takes milliseconds. It is long because the machine may be
busy, and below the time limit of a test, so that a broken test does not hang."""
SERVICE_PATIENCE_S = 300.0
"""Time limit for actions of a whole service that normally take seconds, such as its start or the
replacement of a replica."""


def wait_for(
    state: Callable[[], object],
    within_s: float = PATIENCE_S,
    *,
    said: Callable[[], object] = lambda: "the state did not come",
    at_first_s: float = 0.005,
) -> None:
    """Block until `state()` is true. After `within_s` seconds, fail with the message of `said()`.
    `state` is called first after `at_first_s`, then less and less often, down to ten times per
    second."""
    give_up_at = time.monotonic() + within_s
    pause_s = at_first_s
    while not state():
        assert time.monotonic() < give_up_at, said()
        time.sleep(pause_s)
        pause_s = min(1.2 * pause_s, 0.1)


async def until(state: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Let the event loop run until `state()` is true. Raises TimeoutError after `within_s`
    seconds."""
    async with asyncio.timeout(within_s):
        while not state():  # noqa: ASYNC110 - fakes have counters, not events
            await asyncio.sleep(0)

"""Waiting for a state that another thread or process brings about. Tests wait for nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""For a state that comes in milliseconds: other work may have the machine. It only keeps a broken
test from hanging, and is below the time limit of a test."""
SERVICE_PATIENCE_S = 300.0
"""For what a whole service does in seconds: it starts, a part of it is replaced."""


def wait_for(
    state: Callable[[], object],
    within_s: float = PATIENCE_S,
    *,
    said: Callable[[], object] = lambda: "the state did not come",
    at_first_s: float = 0.005,
) -> None:
    """Block until `state()` is true; past `within_s` fail with what `said()` returns. It is asked
    after `at_first_s`, then less and less often, down to ten times a second."""
    give_up_at = time.monotonic() + within_s
    pause_s = at_first_s
    while not state():
        assert time.monotonic() < give_up_at, said()
        time.sleep(pause_s)
        pause_s = min(1.2 * pause_s, 0.1)


async def until(state: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Let the event loop turn until `state()` is true; past `within_s` raise TimeoutError."""
    async with asyncio.timeout(within_s):
        while not state():  # noqa: ASYNC110 - the doubles count, they have no events
            await asyncio.sleep(0)

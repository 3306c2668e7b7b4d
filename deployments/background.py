"""Blocking work on a worker thread, as a stream of what it reports and what it returns."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from engines.errors import Canceled

Report = TypeVar("Report")
Result = TypeVar("Result")

REPORT_EVERY_S = 0.2


async def reports_of(
    work: Callable[[Callable[[Report], None]], Result], every_s: float = REPORT_EVERY_S
) -> AsyncGenerator[Report | Result, None]:
    """The newest of what `work` reports, each `every_s` seconds, then its result.

    Closing the generator makes the next report raise `Canceled` inside `work`, and waits for it
    to end: what it holds is free afterwards.
    """
    newest: deque[Report] = deque(maxlen=1)
    closed = threading.Event()

    def report(event: Report) -> None:
        if closed.is_set():
            raise Canceled("The client went away")
        newest.append(event)

    task = asyncio.ensure_future(asyncio.to_thread(work, report))
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=every_s)
            if newest:
                yield newest.pop()
        yield task.result()
    finally:
        closed.set()
        await asyncio.gather(task, return_exceptions=True)

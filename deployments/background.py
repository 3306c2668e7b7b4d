"""Runs blocking work on a worker thread, and streams its reports and its result."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from engines.errors import Canceled
from engines.protocols import StopCheck

Report = TypeVar("Report")
Result = TypeVar("Result")

P = ParamSpec("P")

REPORT_EVERY_S = 0.2


class Threads:
    """The threads for one kind of blocking work, so that it cannot occupy the threads of another
    kind.

    Work that still waits for a thread is dropped when its caller leaves.
    """

    def __init__(self, kind: str, workers: int) -> None:
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix=kind)

    async def run(self, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Run `work` on a thread and return its result. Once it has begun, it runs to its end, even
        if the caller is canceled. Raises what `work` raises."""
        bound = partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self.pool, bound)

    async def run_stoppable(self, work: Callable[[StopCheck], Result]) -> Result:
        """Run `work` on a thread and return its result. `work` gets a function that it must call
        between its pieces, and that raises `Canceled` after the caller was canceled."""
        gone = threading.Event()

        def stop() -> None:
            if gone.is_set():
                raise Canceled("The client went away")

        try:
            return await self.run(work, stop)
        finally:
            gone.set()


async def reports_of(
    work: Callable[[Callable[[Report], None]], Result],
    threads: Threads,
    every_s: float = REPORT_EVERY_S,
) -> AsyncGenerator[Report | Result, None]:
    """Yields the newest report of `work` every `every_s` seconds, then its result.

    Closing the generator makes the next report raise `Canceled` inside `work` and waits for `work`
    to end, so that everything it held is released afterwards.
    """
    newest: deque[Report] = deque(maxlen=1)
    closed = threading.Event()

    def report(event: Report) -> None:
        if closed.is_set():
            raise Canceled("The client went away")
        newest.append(event)

    task = asyncio.ensure_future(threads.run(work, report))
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=every_s)
            if newest:
                yield newest.pop()
        yield task.result()
    finally:
        closed.set()
        await asyncio.gather(task, return_exceptions=True)

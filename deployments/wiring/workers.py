"""A fixed number of threads for work that keeps a core busy."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class WorkerPool:
    """Runs at most `workers` pieces of CPU work at once; the others wait in order.

    An error or a cancellation affects only its own caller. A waiting piece is dropped when its
    caller leaves; a running one is finished and its result discarded. The event loop is never
    blocked. Not for input and output, which would hold a thread while they wait.
    """

    def __init__(self, workers: int, warm: Callable[[], object]) -> None:
        """Blocks until `warm` has run once on every thread. Raises what `warm` raises."""
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="validator")
        together = threading.Barrier(workers)

        def start() -> None:
            together.wait()  # So that each thread takes exactly one.
            warm()

        for started in [self._threads.submit(start) for _ in range(workers)]:
            started.result()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises."""
        bound = partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, bound)

    def close(self) -> None:
        """Drop waiting work, and do not wait for running work."""
        self._threads.shutdown(wait=False, cancel_futures=True)

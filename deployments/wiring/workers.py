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
    """Runs at most `workers` pieces of work at once; the rest wait their turn in order.

    What fails or is canceled concerns its own caller only: a piece that waits is dropped when its
    caller goes, one that runs is finished and its answer forgotten. The event loop is never
    blocked. Reading and writing does not belong here: it would hold a core's place while it waits.
    """

    def __init__(self, workers: int, warm: Callable[[], object]) -> None:
        """Blocks until `warm` has run once on every thread; raises what it raises."""
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="validator")
        together = threading.Barrier(workers)

        def start() -> None:
            together.wait()  # so that each thread takes exactly one
            warm()

        for started in [self._threads.submit(start) for _ in range(workers)]:
            started.result()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises."""
        bound = partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, bound)

    def close(self) -> None:
        """Drop what waits and let what runs finish, without waiting for it."""
        self._threads.shutdown(wait=False, cancel_futures=True)

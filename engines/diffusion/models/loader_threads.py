"""Threads on which models load while the engine runs, without slowing it down."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")


class LoaderThreads(Executor):
    """Runs one task at a time, each on a new thread that ends with the task.

    A thread that has run a parallel torch operator keeps its OpenMP threads until it ends, and if
    a process has more OpenMP threads than cores, libgomp stops their busy waiting, which slows
    every operator. A loader thread that stays would make a single image 1.6 times slower
    (docs/engine.md).
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._closed = False

    def submit(
        self, task: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[Result]:
        """Run the task on a new thread, after the running task has ended."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="model-loader")
        try:
            return pool.submit(self._alone, partial(task, *args, **kwargs))
        finally:
            pool.shutdown(wait=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Cancel the tasks that have not begun; with `wait`, block until the running one ends."""
        self._closed = True
        if wait:
            with self._turn:
                pass

    def _alone(self, task: Callable[[], Result]) -> Result:
        with self._turn:
            if self._closed:
                raise CancelledError
            return task()


@contextmanager
def collecting_later() -> Iterator[None]:
    """Turn Python's cyclic garbage collector off during the block, if it is on.

    Importing modules creates hundreds of thousands of permanent objects, and the collector
    examines them again and again: 15 % of the CPU time of importing diffusers.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

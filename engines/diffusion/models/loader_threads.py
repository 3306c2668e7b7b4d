"""How models load beside a running engine: each on a thread of its own that ends, and without the
collector of cyclic garbage."""

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
    """One task at a time, each on a thread of its own.

    A thread that ran one parallel operator keeps its OpenMP team for life, and libgomp lets no
    team spin between operators while the process has more such threads than cores: a loader that
    stayed would take the second core from the engine's thread (1.6x a lone image, docs/engine.md).
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._closed = False

    def submit(
        self, task: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[Result]:
        """Run the task in a thread of its own, after those that were submitted before."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="model-loader")
        try:
            return pool.submit(self._alone, partial(task, *args, **kwargs))
        finally:
            pool.shutdown(wait=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Tasks that have not begun are canceled; the running one is waited for, if asked."""
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
    """No collection in this process while the block runs.

    Loading modules makes hundreds of thousands of objects that stay, and the collector looks
    through all of them again and again: 15 % of the processor time of importing diffusers.
    A collector that was off before stays off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

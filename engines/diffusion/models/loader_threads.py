"""Where models load: off the engine's thread, and on a thread that ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
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

"""Threads that run parts of the engine's work in parallel. Does not import torch.

On a CPU it is faster to run two halves of a step on one thread each than to split every operator
of the whole step over two threads, because these must wait for each other after every operator.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """`count` threads, which are started by the constructor and run until `close`.

    With `count` 1 there are none, and the caller's thread does the work.
    """

    def __init__(self, count: int = 1, prepare: Callable[[], object] = lambda: None) -> None:
        """`prepare` is called once on each thread, before any other work."""
        self.count = count
        self._pool: ThreadPoolExecutor | None = None
        if count > 1:
            self._pool = ThreadPoolExecutor(count, thread_name_prefix="engine-part")
            all_here = threading.Barrier(count)

            def begin() -> None:
                prepare()
                all_here.wait()

            self._wait([self._pool.submit(begin) for _ in range(count)])

    def each(
        self, action: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | Exception]:
        """The action's result or exception for each item, in order.

        Blocks until all are done. A single item is processed on the caller's thread.
        """

        def outcome(item: Item) -> Result | Exception:
            try:
                return action(item)
            except Exception as error:  # noqa: BLE001 - returned to the caller
                return error

        if self._pool is None or len(items) < 2:
            return [outcome(item) for item in items]
        return self._wait([self._pool.submit(outcome, item) for item in items])

    def aside(self, action: Callable[[], Result]) -> Result:
        """Run the action on one of the threads; returns its result or raises its exception."""
        return action() if self._pool is None else self._pool.submit(action).result()

    def close(self) -> None:
        """End the threads after the work that they were given. Does not block."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    @staticmethod
    def _wait(futures: Sequence[Future[Result]]) -> list[Result]:
        wait(futures)
        return [future.result() for future in futures]

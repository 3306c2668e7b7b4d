"""Threads that do parts of the engine's work at the same time. No torch here.

On a CPU two halves of a step on two threads take less than the whole step whose every operator is
shared by two threads: nobody waits for the other between one operator and the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """So many threads, which start at once and stay until `close`.

    With `count` 1 there are none: the caller's thread does everything.
    """

    def __init__(self, count: int = 1, prepare: Callable[[], object] = lambda: None) -> None:
        """`prepare` is called first on each of the threads."""
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
        """What the action gives for each item, in their order, or the exception that it raises.
        Blocks until all are done; a single item is done on the caller's thread."""

        def outcome(item: Item) -> Result | Exception:
            try:
                return action(item)
            except Exception as error:  # noqa: BLE001 - it is the caller's to judge
                return error

        if self._pool is None or len(items) < 2:
            return [outcome(item) for item in items]
        return self._wait([self._pool.submit(outcome, item) for item in items])

    def aside(self, action: Callable[[], Result]) -> Result:
        """The action's result, from one of the threads. Blocks; raises what the action raises."""
        return action() if self._pool is None else self._pool.submit(action).result()

    def close(self) -> None:
        """End the threads when they have done what they were given."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    @staticmethod
    def _wait(futures: Sequence[Future[Result]]) -> list[Result]:
        wait(futures)
        return [future.result() for future in futures]

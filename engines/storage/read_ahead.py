"""Run work in parallel with results in order, and a bounded number of results in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    pool: Executor,
    items: Iterable[Item],
    work: Callable[[Item], Result],
    in_pool: Callable[[Item], bool],
    ahead: int,
) -> Iterator[Result]:
    """Results of `work` for every item, in order.

    At most `ahead` items are in the pool or finished and not yet yielded. An item for which
    `in_pool` is false is processed by the caller's thread if the pool has no unfinished work.
    """
    pending: deque[Future[Result]] = deque()
    for item in items:
        if not pending and not in_pool(item):
            yield work(item)
            continue
        pending.append(pool.submit(work, item))
        if len(pending) >= ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()

"""Work in order, a bounded number ahead: a slow store is kept busy and memory stays flat."""

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
    """`work` on every item, results in order, at most `ahead` items begun and not yet taken."""
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

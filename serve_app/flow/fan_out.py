"""Many pieces of work, a bounded number at once, and the first error alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from engines.errors import InferloopError

Item = TypeVar("Item")
Result = TypeVar("Result")


async def fan_out(
    items: Sequence[Item], work: Callable[[Item], Awaitable[Result]], in_flight: int
) -> list[Result]:
    """Results in the order of the items.

    The first `InferloopError` cancels what runs, starts nothing more, and is raised bare, not in
    a group. Cancelling the call cancels all of it.
    """
    slots = asyncio.Semaphore(in_flight)

    async def one(item: Item) -> Result:
        await slots.acquire()
        result = await work(item)
        # Given back only after success: nothing new starts while a failure ends the call.
        slots.release()
        return result

    first: InferloopError | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except* InferloopError as errors:
        first = _first(errors)
    if first is not None:
        raise first
    return [task.result() for task in tasks]


def _first(errors: BaseExceptionGroup[InferloopError]) -> InferloopError:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error

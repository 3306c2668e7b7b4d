"""Runs many pieces of work, a limited number at once."""

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
    """The results in the order of the items.

    The first `InferloopError` cancels the running work, starts no more, and is raised itself, not
    in an exception group. Canceling the call cancels all work.
    """
    slots = asyncio.Semaphore(in_flight)

    async def one(item: Item) -> Result:
        await slots.acquire()
        result = await work(item)
        # Released only after success, so that nothing new starts while a failure ends the call.
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

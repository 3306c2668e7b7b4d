"""Work with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from engines.errors import DeadlineExceeded

T = TypeVar("T")


async def within(deadline_s: float, work: Awaitable[T]) -> T:
    """The result of the work. After the deadline the work is canceled and `DeadlineExceeded` is
    raised.

    A `TimeoutError` that the work itself raises is passed on, because it is not about this
    deadline.
    """
    scope = asyncio.timeout(deadline_s)
    try:
        async with scope:
            return await work
    except TimeoutError as error:
        if scope.expired():
            raise DeadlineExceeded(deadline_s) from error
        raise

"""Work that is stopped when its time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from engines.errors import DeadlineExceeded

T = TypeVar("T")


async def within(deadline_s: float, work: Awaitable[T]) -> T:
    """Result of the work; past the deadline it is canceled and `DeadlineExceeded` raised.

    A `TimeoutError` of the work itself passes as it is: it says nothing of our deadline.
    """
    scope = asyncio.timeout(deadline_s)
    try:
        async with scope:
            return await work
    except TimeoutError as error:
        if scope.expired():
            raise DeadlineExceeded(deadline_s) from error
        raise

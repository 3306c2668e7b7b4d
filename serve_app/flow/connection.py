"""Work that lasts no longer than the client who asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from starlette.requests import Request

from engines.errors import Canceled
from serve_app.durable.run import JobRun, Rehearsed
from serve_app.flow.deadlines import within

T = TypeVar("T")


async def answer_within(
    deadline_s: float, request: Request, work: Coroutine[object, object, T]
) -> T:
    """`while_connected` with a deadline: `DeadlineExceeded` past it, and the work is canceled."""
    return await within(deadline_s, while_connected(request, work))


async def while_connected(request: Request, work: Coroutine[object, object, T]) -> T:
    """Result of the work; the work is canceled and `Canceled` raised when the client leaves.

    Watches the connection itself: no request header can switch that off, and it holds under any
    server. The body must have been read by now. In a rehearsal the work is not begun: `Rehearsed`.
    """
    run: JobRun | None = getattr(request.state, "run", None)
    if run is not None and run.rehearsal:
        work.close()
        raise Rehearsed
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        gone.result()
        raise Canceled("The client went away")
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

"""Work that is stopped when the client who asked for it leaves."""

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
    """As `while_connected`, with a deadline.

    After it the work is canceled and `DeadlineExceeded` is raised.
    """
    return await within(deadline_s, while_connected(request, work))


async def while_connected(request: Request, work: Coroutine[object, object, T]) -> T:
    """The result of the work. If the client leaves, the work is canceled and `Canceled` is raised.

    This watches the connection itself, so no request header can switch it off, and it works with
    any server. The body must have been read before. In a rehearsal, `Rehearsed` is raised and the
    work does not begin.
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

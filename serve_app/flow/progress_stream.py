"""Progress of one call as lines of JSON (NDJSON), for clients that ask for it by `Accept`."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from engines.errors import Canceled, InferloopError, JsonValue
from serve_app.access.audit import AuditNote
from serve_app.durable.run import JobRun, unheard
from serve_app.errors import BatchFailed, to_wire
from serve_app.flow.connection import while_connected

NDJSON = "application/x-ndjson"
ALSO_LINES: dict[int | str, dict[str, Any]] = {200: {"content": {NDJSON: {}}}}
"""For a route's `responses`: the answer may also be NDJSON."""

logger = logging.getLogger(__name__)

HEARTBEAT_S = 15.0

OnProgress = Callable[[int, int], None]
"""Called with the numbers of finished and of all items. Must not block."""

Answer = TypeVar("Answer", bound=BaseModel)
Made = TypeVar("Made")

Work = Callable[[OnProgress], Coroutine[object, object, Made]]
"""A function that reports progress and returns the answer. Its first report is made when it
begins."""
Fields = dict[str, Any]
"""The fields of an answer, as JSON."""


def wants_lines(request: Request) -> bool:
    """Whether the client accepts NDJSON by name."""
    return NDJSON in request.headers.get("accept", "")


async def answer(
    request: Request, work: Work[Answer], *, exclude_unset: bool = False
) -> Answer | StreamingResponse:
    """What the work returns, or its progress and its result as NDJSON if the client accepts NDJSON
    by name.

    The work stops when the client leaves. `exclude_unset` is the route's
    `response_model_exclude_unset`.
    """
    work = _noted(work, request.state.audit)
    run: JobRun | None = getattr(request.state, "run", None)
    if run is not None:  # A kept answer is stored as a whole.
        return await while_connected(request, work(run.report))
    if not wants_lines(request):
        return await while_connected(request, work(unheard))

    async def fields(report: OnProgress) -> Fields:
        return (await work(report)).model_dump(mode="json", exclude_unset=exclude_unset)

    lines = progress_lines(fields)
    first = await while_connected(request, _next(lines))
    return StreamingResponse(_chained(first, lines), media_type=NDJSON)


async def kept_answer_as_lines(request: Request, work: Work[Response]) -> StreamingResponse:
    """Progress and answer as NDJSON, for an answer that is stored as a whole. The work itself must
    stop when the client disconnects."""
    work = _noted(work, request.state.audit)

    async def fields(report: OnProgress) -> Fields:
        kept: Fields = json.loads(bytes((await work(report)).body))
        return kept

    lines = progress_lines(fields)
    return StreamingResponse(_chained(await anext(lines), lines), media_type=NDJSON)


async def progress_lines(
    work: Work[Fields], heartbeat_s: float = HEARTBEAT_S
) -> AsyncGenerator[bytes, None]:
    """Lines `{"type": "progress", "done", "total"}`, then one line `{"type": "result", ...}` with
    the answer's fields, or `{"type": "error", "error": {...}}`.

    After `heartbeat_s` seconds without progress the last line is sent again, because proxies and
    clients close silent connections. A slow reader gets only the newest progress. An error before
    the first report is raised, so that the answer can have its status. Closing the generator
    cancels the work.
    """
    news, latest = asyncio.Event(), list[tuple[int, int]]()

    def report(done: int, total: int) -> None:
        latest[:] = [(done, total)]
        news.set()

    task = asyncio.create_task(work(report))
    task.add_done_callback(lambda _: news.set())
    told: bytes | None = None
    try:
        while not (task.done() and not latest):
            with suppress(TimeoutError):
                async with asyncio.timeout(heartbeat_s):
                    await news.wait()
            news.clear()
            if latest:
                done, total = latest.pop()
                told = _line({"type": "progress", "done": done, "total": total})
            elif told is None or task.done():
                continue
            yield told
        yield _line({"type": "result", **task.result()})
    except Exception as error:
        if told is None:
            raise
        if not isinstance(error, InferloopError | BatchFailed):
            logger.exception("a streamed answer failed")
        yield _line({"type": "error", "error": dict(to_wire(error).as_object())})
    finally:
        task.cancel()
        # `gather` is not used: canceling it would also cancel the cleanup of the work.
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # The error was sent above, or the client has left.


def _noted(work: Work[Made], note: AuditNote) -> Work[Made]:
    """The work, changed to note its error for the audit log, because the status may have been sent
    already."""

    async def noted(on_progress: OnProgress) -> Made:
        try:
            return await work(on_progress)
        except asyncio.CancelledError:
            note.code = Canceled.code
            raise
        except Exception as error:
            note.code = to_wire(error).code
            raise

    return noted


def _line(event: dict[str, JsonValue]) -> bytes:
    return json.dumps(event, allow_nan=False).encode() + b"\n"


async def _next(lines: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(lines)


async def _chained(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for line in rest:
            yield line

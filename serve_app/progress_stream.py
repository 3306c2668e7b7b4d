"""Progress of one call as lines of JSON (NDJSON), for clients that ask for it by `Accept`."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine

from pydantic import BaseModel
from starlette.requests import Request

from engines.errors import InferloopError, JsonValue
from serve_app.errors import to_wire

NDJSON = "application/x-ndjson"

logger = logging.getLogger(__name__)

OnProgress = Callable[[int, int], None]
"""(done, total). Never blocks."""

Work = Callable[[OnProgress], Coroutine[object, object, BaseModel]]
"""Reports on the way; what it returns is the answer. Its first report says that it began."""


def wants_progress(request: Request) -> bool:
    """Whether the client accepts NDJSON by name."""
    return NDJSON in request.headers.get("accept", "")


async def progress_lines(work: Work) -> AsyncGenerator[bytes, None]:
    """`{"type": "progress", "done", "total"}` as it goes, then one `{"type": "result", ...}` with
    the answer's fields, or `{"type": "error", "error": {...}}`.

    For a slow reader only the newest progress is kept. An error before the first report is raised,
    so that it can still be an answer with its own status. Closing the generator cancels the work.
    """
    news, latest = asyncio.Event(), list[tuple[int, int]]()

    def report(done: int, total: int) -> None:
        latest[:] = [(done, total)]
        news.set()

    task = asyncio.create_task(work(report))
    task.add_done_callback(lambda _: news.set())
    began = False
    try:
        while not (task.done() and not latest):
            await news.wait()
            news.clear()
            if latest:
                done, total = latest.pop()
                began = True
                yield _line({"type": "progress", "done": done, "total": total})
        yield _line({"type": "result", **task.result().model_dump(mode="json")})
    except Exception as error:
        if not began:
            raise
        if not isinstance(error, InferloopError):
            logger.exception("a streamed answer failed")
        yield _line({"type": "error", "error": dict(to_wire(error).as_object())})
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _line(event: dict[str, JsonValue]) -> bytes:
    return json.dumps(event, allow_nan=False).encode() + b"\n"

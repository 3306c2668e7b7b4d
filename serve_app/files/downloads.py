"""Answers that may be large. They are sent no faster than the client reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import Receive, Scope, Send

ACKNOWLEDGE = "inferloop.acknowledge"
"""ASGI extension: the server reports how many bytes of an answer the client has received."""
ASKS_FOR_ACKNOWLEDGEMENT = b"x-inferloop-acknowledge"
"""Header with which an answer asks for these reports; the server removes it."""
ACKNOWLEDGED = "inferloop.acknowledged"
"""Type of the reports, which come by `receive`: {"type": ..., "bytes": n}."""
WINDOW_BYTES = 2 * 2**20
"""Most bytes that are sent and not yet received by the client."""


class Window:
    """Limits how many bytes are on their way to the client."""

    def __init__(self, size_bytes: int) -> None:
        self._left = size_bytes
        self._changed = asyncio.Event()

    async def take(self, size_bytes: int) -> None:
        """Wait until this many bytes fit.

        A chunk larger than the window fits when the window is empty.
        """
        while self._left <= 0:
            self._changed.clear()
            await self._changed.wait()
        self._left -= size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Free the bytes of a chunk that the client has taken, and let waiting senders continue."""
        self._left += size_bytes
        self._changed.set()


class Download(Response):
    """Streams `first` and then `chunks`; `first` was already read from them.

    If the server reports what the client has taken, at most `window_bytes` and one chunk are on
    their way; otherwise `send` itself waits for the client. The download ends when the client
    leaves. `chunks` are always closed at the end.
    """

    def __init__(
        self,
        first: bytes,
        chunks: AsyncGenerator[bytes, None],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        window_bytes: int = WINDOW_BYTES,
        hold: AbstractContextManager[None] | None = None,
    ) -> None:
        """`hold` is entered before the answer begins, and may refuse the download."""
        super().__init__(None, status_code, headers, media_type)
        self._first = first
        self._chunks = chunks
        self._window_bytes = window_bytes
        self._hold = hold or nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        window = Window(self._window_bytes) if _acknowledges(scope) else None
        headers = list(self.raw_headers)
        if window is not None:
            headers.append((ASKS_FOR_ACKNOWLEDGEMENT, b"1"))
        async with aclosing(self._chunks):
            with self._hold:
                await self._stream(send, receive, headers, window)

    async def _stream(
        self,
        send: Send,
        receive: Receive,
        headers: list[tuple[bytes, bytes]],
        window: Window | None,
    ) -> None:
        sending = asyncio.create_task(self._send_all(send, headers, window))
        listening = asyncio.create_task(_listen(receive, window))
        try:
            await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            sending.cancel()
            listening.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)

    async def _send_all(
        self, send: Send, headers: list[tuple[bytes, bytes]], window: Window | None
    ) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": headers}
        await send(start)
        async for chunk in _joined(self._first, self._chunks):
            if window is not None:
                await window.take(len(chunk))
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk


async def _listen(receive: Receive, window: Window | None) -> None:
    """Receive reports until the client disconnects."""
    while (message := await receive())["type"] != "http.disconnect":
        if message["type"] == ACKNOWLEDGED and window is not None:
            window.give_back(message["bytes"])


def _acknowledges(scope: Scope) -> bool:
    return ACKNOWLEDGE in scope.get("extensions", {})

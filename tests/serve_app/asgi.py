"""A client that calls the ASGI application in the test's event loop, message by message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message

from tests.serve_app.api import KEY
from tests.waiting import PATIENCE_S


class Socket:
    """A WebSocket client. With `stalled`, every send of the application waits, as if the client did
    not read and all buffers were full."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._reading = asyncio.Event()
        self._reading.set()
        self.broken = False
        self.fault: Exception | None = None
        """An exception that the next send raises, once."""

    def stall(self) -> None:
        self._reading.clear()

    def resume(self) -> None:
        self._reading.set()

    async def send(self, message: Message) -> None:
        await self._reading.wait()
        if self.broken:
            raise OSError("connection lost")
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        await self.outbox.put(message)

    async def receive(self) -> Message:
        return await self.inbox.get()

    def say(self, message: dict[str, Any]) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def leave(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def hear(self) -> dict[str, Any]:
        """The next message of the application. Fails if the application closed the WebSocket."""
        message = await asyncio.wait_for(self.outbox.get(), PATIENCE_S)
        assert message["type"] == "websocket.send", message
        heard: dict[str, Any] = json.loads(message["text"])
        return heard

    async def hear_end(self) -> list[dict[str, Any]]:
        """Messages up to and including the next result or error."""
        heard = [await self.hear()]
        while heard[-1]["type"] == "progress":
            heard.append(await self.hear())
        return heard


@asynccontextmanager
async def connected(app: ASGIApp, key: str = KEY) -> AsyncIterator[Socket]:
    """An accepted WebSocket. At the end, disconnects and waits until the application has
    finished."""
    socket = Socket()
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "path": "/api/v1/ws/generation",
        "raw_path": b"/api/v1/ws/generation",
        "root_path": "",
        "query_string": f"api_key={key}".encode(),
        "headers": [],
        "subprotocols": [],
    }
    task = asyncio.create_task(_run(app, scope, socket))
    socket.inbox.put_nowait({"type": "websocket.connect"})
    accepted = await asyncio.wait_for(socket.outbox.get(), PATIENCE_S)
    assert accepted["type"] == "websocket.accept"
    try:
        yield socket
    finally:
        socket.leave()
        socket.resume()
        await asyncio.wait_for(task, PATIENCE_S)


async def _run(app: ASGIApp, scope: dict[str, Any], socket: Socket) -> None:
    await app(scope, socket.receive, socket.send)


class Exchange:
    """One HTTP request whose client may disconnect before the answer."""

    def __init__(
        self,
        method: str,
        path: str,
        body: bytes,
        key: str = KEY,
        accept: str = "*/*",
        idempotency_key: str | None = None,
    ) -> None:
        named = [] if idempotency_key is None else [(b"idempotency-key", idempotency_key.encode())]
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "server": ("test", 80),
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [
                (b"x-api-key", key.encode()),
                (b"accept", accept.encode()),
                *named,
                # Headers of Ray Serve, which the application must ignore.
                (b"x-request-disconnect-disabled", b"1"),
                (b"x-request-timeout-seconds", b"100000"),
            ],
        }
        self.gone = asyncio.Event()
        self.sent: list[Message] = []
        self._body: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive(self) -> Message:
        if self._body:
            return self._body.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

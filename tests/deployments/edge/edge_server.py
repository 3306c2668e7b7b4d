"""An ASGI application behind the edge and a real uvicorn, as Ray Serve runs it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.edge.middleware import EdgeMiddleware
from deployments.edge.protocol import GuardedProtocol
from deployments.edge.websocket import GuardedWebSocket
from deployments.settings import EdgeSettings
from tests.waiting import PATIENCE_S, wait_for


class ServeQueues:
    """The two unbounded queues that Ray Serve has between its HTTP server and a replica."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.queued_bytes = 0
        self.most_queued_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        outbox: asyncio.Queue[Message] = asyncio.Queue()

        async def put(message: Message) -> None:
            self.queued_bytes += len(message.get("body", b""))
            self.most_queued_bytes = max(self.most_queued_bytes, self.queued_bytes)
            outbox.put_nowait(message)

        fetching = asyncio.create_task(_fetch(receive, inbox))
        running = asyncio.ensure_future(self._app(scope, inbox.get, put))
        try:
            await self._answer(outbox, send, fetching)
        finally:
            running.cancel()
            fetching.cancel()
            await asyncio.gather(running, fetching, return_exceptions=True)

    async def _answer(
        self, outbox: asyncio.Queue[Message], send: Send, fetching: asyncio.Task[None]
    ) -> None:
        """Runs until the answer is complete, or the client has disconnected."""
        while True:
            getting = asyncio.create_task(outbox.get())
            await asyncio.wait({getting, fetching}, return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                getting.cancel()
                return
            message = getting.result()
            await send(message)
            self.queued_bytes -= len(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                return


async def _fetch(receive: Receive, inbox: asyncio.Queue[Message]) -> None:
    while True:
        message = await receive()
        inbox.put_nowait(message)
        if message["type"] == "http.disconnect":
            return


@contextmanager
def edge_server(app: ASGIApp, **settings: Any) -> Iterator[int]:
    """Run the server. Yields its port."""
    limits = EdgeSettings(**settings)
    config = uvicorn.Config(
        EdgeMiddleware(app, limits),
        host="127.0.0.1",
        port=0,
        http=partial(GuardedProtocol, settings=limits),  # type: ignore[arg-type]
        ws=partial(GuardedWebSocket, settings=limits),  # type: ignore[arg-type]
        log_config=None,
        log_level="critical",
        lifespan="off",
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.force_exit = server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def connected(port: int) -> socket.socket:
    """A plain connection to the server; reads give up after `PATIENCE_S`."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def everything_from(connection: socket.socket) -> bytes:
    """All bytes that the server sends until it closes the connection."""
    found = b""
    while True:
        try:
            part = connection.recv(65_536)
        except ConnectionResetError:
            return found
        if not part:
            return found
        found += part

"""Middleware in the process of the HTTP server, around Ray Serve's proxy."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.edge.own_words import DIED, instead_of
from deployments.edge.pace import PacedReceive, Sleep
from deployments.settings import EdgeSettings
from engines.errors import (
    Fault,
    InferloopError,
    InvalidParameters,
    NotFound,
    ReplicaLost,
    RequestTimeout,
)
from engines.protocols import Clock
from serve_app.errors import to_wire
from serve_app.files.downloads import ACKNOWLEDGE, ACKNOWLEDGED, ASKS_FOR_ACKNOWLEDGEMENT

Headers = list[tuple[bytes, bytes]]

SERVE_HEADERS = frozenset(
    {
        b"x-request-timeout-seconds",
        b"x-request-disconnect-disabled",
        b"serve-multiplexed-model-id",
        b"x-session-id",
    }
)
"""Headers that control Ray Serve. With them a client could change Serve's deadline, keep Serve from
noticing that the client left, or choose a replica. They are removed from every request."""

CLOSED_PATHS = frozenset({"/-/routes"})
"""Paths that Serve's proxy would answer without an API key. They are answered as not found."""


class EdgeMiddleware:
    """Middleware around Serve's proxy.

    It removes the request headers that control Serve, answers 408 to a body that arrives too
    slowly, and replaces Serve's own answers with the API's error format. It tells the application
    how much of a download the client has received. It reads each WebSocket at a limited rate,
    because the queues between it and the application have no limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: EdgeSettings,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._app = app
        self._settings = settings
        self._clock = clock
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope["headers"] = without_serves(scope["headers"])
        if scope["type"] == "websocket":
            per_s = self._settings.socket_messages_per_s
            receive = PacedReceive(receive, per_s, self._clock, self._sleep)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not scope["path"].startswith("/"):
            fault = Fault("path", scope["path"], "an absolute path", "must begin with /")
            await to_wire(InvalidParameters(fault)).response()(scope, receive, send)
            return
        if scope["path"].rstrip("/") in CLOSED_PATHS:
            await to_wire(NotFound("path", scope["path"])).response()(scope, receive, send)
            return
        scope["extensions"] = {**scope.get("extensions", {}), ACKNOWLEDGE: {}}
        exchange = Exchange(scope["path"], receive, send, self._settings, self._clock)
        try:
            await self._run(scope, exchange)
        finally:
            exchange.close()

    async def _run(self, scope: Scope, exchange: Exchange) -> None:
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            if not exchange.is_refused:
                raise
        if exchange.is_refused:
            await exchange.refuse(scope)
        elif (error := exchange.owed()) is not None:
            await exchange.say_instead(scope, error)


class Exchange:
    """One request and its answer."""

    def __init__(
        self, path: str, receive: Receive, send: Send, settings: EdgeSettings, clock: Clock
    ) -> None:
        self._path = path
        self._receive = receive
        self._send = send
        self._settings = settings
        self._clock = clock
        self._started_at = clock()
        self._received_bytes = 0
        self._body_is_whole = False
        self._is_late = False
        self._answer_begun = False
        self._acknowledges = False
        self._taken: deque[int] = deque()
        self._news = asyncio.Event()
        self._pending: asyncio.Task[Message] | None = None
        self._in_place_of_serves: InferloopError | None = None

    async def receive(self) -> Message:
        """The client's next message, or a message that says how much of the answer it has
        received."""
        while not self._taken:
            if self._pending is None:
                self._pending = asyncio.create_task(self._next_of_client())
            self._news.clear()
            news = asyncio.create_task(self._news.wait())
            try:
                await asyncio.wait({self._pending, news}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            if self._pending.done():
                pending, self._pending = self._pending, None
                return pending.result()
        taken = sum(self._taken)
        self._taken.clear()
        return {"type": ACKNOWLEDGED, "bytes": taken}

    async def send(self, message: Message) -> None:
        """Send a message. Returns when the client's connection has room again."""
        if self.is_refused:
            return  # the application's error for an incomplete body; the client gets 408 instead
        if message["type"] == "http.response.start":
            self._in_place_of_serves = instead_of(self._path, message)
        if self._in_place_of_serves is not None:
            return
        if message["type"] == "http.response.start":
            self._answer_begun = True
            message = {**message, "headers": self._answer_headers(message.get("headers", ()))}
        await self._send(message)
        if self._acknowledges and message["type"] == "http.response.body":
            self._taken.append(len(message.get("body", b"")))
            self._news.set()

    @property
    def is_refused(self) -> bool:
        """Whether the body came too slowly and no answer has begun."""
        return self._is_late and not self._answer_begun

    async def refuse(self, scope: Scope) -> None:
        """Answer 408."""
        answer = to_wire(RequestTimeout(self._allowed_s())).response()
        answer.headers["Connection"] = "close"
        await answer(scope, self._receive, self._send)

    def owed(self) -> InferloopError | None:
        """The error to send instead of Serve's own answer, or if Serve sent none. None if the
        client has the application's answer."""
        if self._answer_begun:
            return None
        return self._in_place_of_serves or ReplicaLost(DIED)

    async def say_instead(self, scope: Scope, error: InferloopError) -> None:
        """Answer with the error."""
        await to_wire(error).response()(scope, self._receive, self._send)

    def close(self) -> None:
        if self._pending is not None:
            self._pending.cancel()

    def _allowed_s(self) -> float:
        """Deadline of the body in seconds. It grows with the number of received bytes."""
        grown_s = self._received_bytes / self._settings.min_body_bytes_per_s
        return self._settings.body_deadline_s + grown_s

    async def _next_of_client(self) -> Message:
        if self._body_is_whole or self._is_late:
            return await self._receive()
        left_s = self._started_at + self._allowed_s() - self._clock()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, left_s))
        except TimeoutError:
            self._is_late = True
            return {"type": "http.disconnect"}
        self._received_bytes += len(message.get("body", b""))
        self._body_is_whole = not message.get("more_body", False)
        return message

    def _answer_headers(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        """The answer's headers with only the application's `X-Request-Id` (Serve adds another), and
        without the internal headers."""
        kept: Headers = []
        names: set[bytes] = set()
        for name, value in headers:
            lower = name.lower()
            if lower == ASKS_FOR_ACKNOWLEDGEMENT:
                self._acknowledges = True
            elif lower != b"x-request-id" or lower not in names:
                kept.append((name, value))
            names.add(lower)
        return kept


def without_serves(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The request's headers without those that control Ray Serve. `_` in a name counts as `-`, as
    in Ray Serve."""
    return [
        (name, value)
        for name, value in headers
        if name.lower().replace(b"_", b"-") not in SERVE_HEADERS
    ]

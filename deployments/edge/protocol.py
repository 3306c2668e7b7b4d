"""Connections that send nothing, too slowly, too much, or that do not read their answer."""

from __future__ import annotations

import asyncio
import socket
import time
from asyncio import TimerHandle
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from deployments.edge.reader import ReaderWatch, WatchedProtocol
from deployments.settings import EdgeSettings
from engines.errors import Fault, InferloopError, InvalidParameters, Overloaded, RequestTimeout
from serve_app.errors import to_wire

RETRY_AFTER_S = 5.0


KEEP_ALIVE = {
    socket.TCP_KEEPIDLE: 30,  # seconds of silence before the first probe
    socket.TCP_KEEPINTVL: 10,  # seconds between two
    socket.TCP_KEEPCNT: 3,  # without an answer, and the connection is closed
}
"""So a client that vanished without a word is noticed after a minute, also while its
answer is made."""


def keep_alive(transport: asyncio.Transport) -> None:
    """Switch TCP keep-alive on for a connection of IPv4 or IPv6, so that a dead client is
    noticed."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEP_ALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


class GuardedProtocol(WatchedProtocol, HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits that an ASGI application cannot set, because it hears of
    a request only when its head is complete."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        settings: EdgeSettings | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings = settings or EdgeSettings()
        self._head_timer: TimerHandle | None = None
        self._head_bytes = 0
        self._has_begun = False
        self._has_asked = False
        self._body_is_whole = True
        self._made_at = time.monotonic()  # the loop's own time counts milliseconds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse one connection too many; of all others, await the request's head.

        Where all places are taken, the oldest connection that has asked for nothing yet gives way:
        idle ones keep nobody out.
        """
        super().connection_made(transport)
        self._reader = ReaderWatch(transport, self.loop, self._settings)
        keep_alive(transport)
        if self._too_many():
            self._refuse(Overloaded("Too many connections", RETRY_AFTER_S))
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers of the connection."""
        self._head_received()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; a head that is too large is refused.

        uvicorn's own deadline of an idle connection ends with its next byte, also where no request
        begins with it: then ours begins.
        """
        if self.transport.is_closing():
            return  # refused; what still arrives is not read
        of_a_body = not self._body_is_whole
        super().data_received(data)
        if self._head_timer is None and self._is_idle():
            self._await_head()
        elif self._head_timer is not None and not of_a_body:
            self._head_bytes += len(data)
            if self._head_bytes > self._settings.max_head_bytes:
                limit = self._settings.max_head_bytes
                fault = Fault("headers", None, f"<= {limit} bytes", f"must be <= {limit} bytes")
                self._refuse(InvalidParameters(fault))

    def on_message_begin(self) -> None:
        """A request has begun: its head is due before the deadline."""
        super().on_message_begin()
        self._has_begun = True
        if self._head_timer is None or not self._body_is_whole:
            self._head_received()
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the head. One behind a body is dropped (RFC 9110, section 6.5.1): a proxy in
        front would not have checked it."""
        if self._body_is_whole:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: its deadline is over."""
        self._head_received()
        self._has_asked = True
        self._has_begun = self._body_is_whole = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole, too."""
        self._body_is_whole = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, unless the answer to an earlier request is on its way: it
        would be written without any limit."""
        self._reader.end()
        if self.cycle is None or self.cycle.response_complete:
            super().handle_websocket_upgrade()
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP in the envelope."""
        fault = Fault("request", None, "an HTTP/1.1 request", "is not valid HTTP")
        self._refuse(InvalidParameters(fault))

    def _too_many(self) -> bool:
        """Whether this connection, which is counted already, is one too many."""
        limits = self._settings
        if limits.max_connections_per_address and self.client is not None:
            mine = self.client[0]
            clients = (getattr(other, "client", None) for other in self.connections)
            same = sum(client is not None and client[0] == mine for client in clients)
            if same > limits.max_connections_per_address:
                return True
        return len(self.connections) > limits.max_connections and not self._made_room()

    def _made_room(self) -> bool:
        """Close the oldest connection that has asked for nothing yet, if there is one."""
        guarded = (other for other in self.connections if isinstance(other, GuardedProtocol))
        idle = [other for other in guarded if not other._has_asked and other is not self]
        if not idle:
            return False
        oldest = min(idle, key=lambda other: other._made_at)
        oldest._head_received()
        oldest.transport.abort()
        return True

    def _is_idle(self) -> bool:
        """Whether no request is being answered, and the connection is still of this protocol."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self.transport.is_closing() and self in self.connections

    def _await_head(self) -> None:
        """The next head is due; before it the rest of a body whose request is answered already."""
        self._head_bytes = 0
        limits = self._settings
        due_s = limits.head_deadline_s if self._body_is_whole else limits.body_deadline_s
        self._head_timer = self.loop.call_later(due_s, self._head_is_late)

    def _head_received(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._has_begun:
            self._refuse(RequestTimeout(self._settings.head_deadline_s))
        else:
            self._head_received()
            self.transport.close()  # it asked for nothing, and gets no answer

    def _refuse(self, error: InferloopError) -> None:
        """Answer in the envelope, and close."""
        self._head_received()
        if self.cycle is not None and not self.cycle.response_complete:
            if self.cycle.response_started or self._body_is_whole or self.pipeline:
                self.transport.abort()  # another answer is on its way: nothing may be mixed into it
                return
            self.cycle.disconnected = True  # the application's answer to a broken body is not sent
            self.cycle.message_event.set()
        self.transport.write(raw_answer(error))
        self.transport.close()


def raw_answer(error: InferloopError) -> bytes:
    """The error as an HTTP/1.1 answer, bytes for the socket."""
    answer = to_wire(error).response()
    answer.headers["Connection"] = "close"
    head = [f"HTTP/1.1 {answer.status_code} \r\n".encode("ascii")]
    head += [name + b": " + value + b"\r\n" for name, value in answer.raw_headers]
    return b"".join([*head, b"\r\n", bytes(answer.body)])

"""Limits HTTP connections that send nothing, send too slowly or too much, or do not read
answers."""

from __future__ import annotations

import asyncio
import socket
import time
from asyncio import TimerHandle
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from deployments.edge.heads import head_fault
from deployments.edge.reader import ReaderWatch, WatchedProtocol
from deployments.settings import EdgeSettings
from engines.errors import Fault, InferloopError, InvalidParameters, Overloaded, RequestTimeout
from serve_app.errors import to_wire

RETRY_AFTER_S = 5.0


KEEP_ALIVE = {
    socket.TCP_KEEPIDLE: 30,  # seconds of silence before the first probe
    socket.TCP_KEEPINTVL: 10,  # seconds between two probes
    socket.TCP_KEEPCNT: 3,  # unanswered probes before the connection is closed
}
"""TCP keep-alive: a client that vanished is noticed after a minute, even before its answer is
ready."""


def keep_alive(transport: asyncio.Transport) -> None:
    """Switch TCP keep-alive on, with the times of `KEEP_ALIVE`. Does nothing for other sockets."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEP_ALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


class GuardedProtocol(WatchedProtocol, HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits on connections and request heads. An ASGI application
    cannot set them, because it is called only after the head of a request is complete."""

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
        self._fault: Fault | None = None
        self._has_begun = False
        self._has_asked = False
        self._body_is_whole = True
        self._made_at = time.monotonic()  # the loop's own time counts milliseconds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline of the request's head, or refuse the connection if there are too many.

        At the limit, the oldest connection without a request is closed first, so that idle
        connections do not block others.
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
        """Parse the received bytes. Refuses a head that is too large.

        uvicorn stops its timer of an idle connection at the next byte, even if no request begins
        with it. The deadline of the head then starts here.
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
        """Called at the first byte of a request: start the deadline of its head."""
        super().on_message_begin()
        self._has_begun = True
        if self._head_timer is None or not self._body_is_whole:
            self._head_received()
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called for each header. Drops headers after a body (trailers; RFC 9110, section 6.5.1),
        because a proxy in front would not have checked them."""
        if self._body_is_whole:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Called when the head is complete: stop its deadline, and check it.

        Raises `ValueError` for a wrong head. The parser then stops, and uvicorn calls
        `send_400_response`.
        """
        self._head_received()
        self._fault = head_fault(self.parser.get_http_version(), self.headers)
        if self._fault is not None:
            raise ValueError(self._fault.reason)
        self._has_asked = True
        self._has_begun = self._body_is_whole = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called when the body is complete."""
        self._body_is_whole = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the WebSocket protocol. Refused while an earlier request is
        being answered, because that answer would be written without limits."""
        self._reader.end()
        if self.cycle is None or self.cycle.response_complete:
            super().handle_websocket_upgrade()
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP with an error in the API's format."""
        not_http = Fault("request", None, "an HTTP/1.1 request", "is not valid HTTP")
        self._refuse(InvalidParameters(self._fault or not_http))

    def _too_many(self) -> bool:
        """Whether there are too many connections. This connection is already counted."""
        limits = self._settings
        if limits.max_connections_per_address and self.client is not None:
            mine = self.client[0]
            clients = (getattr(other, "client", None) for other in self.connections)
            same = sum(client is not None and client[0] == mine for client in clients)
            if same > limits.max_connections_per_address:
                return True
        return len(self.connections) > limits.max_connections and not self._made_room()

    def _made_room(self) -> bool:
        """Close the oldest connection without a request. Returns whether there was one."""
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
        """Start the deadline of the next head, or of the rest of a body whose request was already
        answered."""
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
            self.transport.close()  # no request has begun, so there is nothing to answer

    def _refuse(self, error: InferloopError) -> None:
        """Answer with the error in the API's format, and close the connection."""
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
    """The bytes of an HTTP/1.1 answer with the error."""
    answer = to_wire(error).response()
    answer.headers["Connection"] = "close"
    head = [f"HTTP/1.1 {answer.status_code} \r\n".encode("ascii")]
    head += [name + b": " + value + b"\r\n" for name, value in answer.raw_headers]
    return b"".join([*head, b"\r\n", bytes(answer.body)])

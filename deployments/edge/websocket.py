"""Limits WebSockets that never open, and clients that do not read or send too much."""

from __future__ import annotations

from asyncio.transports import BaseTransport, Transport
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame

from deployments.edge.protocol import raw_answer
from deployments.edge.reader import ReaderWatch, WatchedProtocol
from deployments.settings import EdgeSettings
from engines.errors import Fault, InvalidParameters

MOST_UNREAD_BYTES = 2**20
"""Most bytes of pongs that may wait until the client reads. Messages of the application wait in the
application."""
MOST_FRAMES_AHEAD = 1000
"""Most pings, pongs and parts of messages that a client may send at once. After that, as many per
second as messages. They do not reach the application, so it cannot slow the client down."""
_SLICE_BYTES = 4096
"""Bytes that are parsed before frames are counted again. A frame has at least six bytes."""

NO_HANDSHAKE = Fault("request", None, "a WebSocket handshake", "is not a WebSocket handshake")


class GuardedWebSocket(WatchedProtocol, WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol. It closes the connection if the client reads too little, or
    sends a message that is too large or too many frames."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        settings: EdgeSettings | None = None,
    ) -> None:
        self._settings = settings or EdgeSettings()
        config.ws_max_size = self._settings.max_socket_message_bytes
        super().__init__(config, server_state, app_state)
        self._frames_ahead = 0.0
        self._counted_at = self.loop.time()

    def connection_made(self, transport: BaseTransport) -> None:
        """Start to watch how much the client reads."""
        super().connection_made(transport)
        self._reader = ReaderWatch(cast(Transport, transport), self.loop, self._settings)

    def data_received(self, data: bytes) -> None:
        """Handle the received bytes in small slices. Too many frames close the connection.

        The first call gets the complete head of the handshake from uvicorn. uvicorn ignores a head
        that the WebSocket library refuses (with a body or too many headers); it is answered here. A
        client that does not read its pongs is cut.
        """
        if self.transport.is_closing():
            return
        for begin in range(0, len(data), _SLICE_BYTES):
            if self.conn.parser_exc is not None:
                return  # refused; the rest is not read
            super().data_received(data[begin : begin + _SLICE_BYTES])
            if self._frames_ahead > MOST_FRAMES_AHEAD:
                self.conn.fail(CloseCode.POLICY_VIOLATION, "too many frames")
                self.handle_parser_exception()
                return
        if not self.handshake_initiated:
            self.transport.write(raw_answer(InvalidParameters(NO_HANDSHAKE)))
            self.transport.close()
        elif self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Count a continuation frame, which may be empty."""
        self._count()
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """Count a ping. The WebSocket library has already answered it."""
        self._count()
        super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Count a pong, also one that is not the answer to a ping of the server."""
        self._count()
        super().handle_pong(event)

    def _count(self) -> None:
        now = self.loop.time()
        gone = (now - self._counted_at) * self._settings.socket_messages_per_s
        self._frames_ahead = max(0.0, self._frames_ahead - gone) + 1
        self._counted_at = now

"""WebSockets that never open, whose clients do not read what they are sent, or send too much."""

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
"""Answers to a client's own pings that may wait until it reads. Messages of the application wait
in the application."""
MOST_FRAMES_AHEAD = 1000
"""Pings, pongs and parts of messages that a client may send at once; after them, as many each
second as messages. None of them reaches the application, which could slow its client down."""
_SLICE_BYTES = 4096
"""What is parsed before frames are counted again: at least six bytes each."""

NO_HANDSHAKE = Fault("request", None, "a WebSocket handshake", "is not a WebSocket handshake")


class GuardedWebSocket(WatchedProtocol, WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which ends where its client reads too little or sends too
    large a message or too many frames."""

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
        """Watch what the client reads."""
        super().connection_made(transport)
        self._reader = ReaderWatch(cast(Transport, transport), self.loop, self._settings)

    def data_received(self, data: bytes) -> None:
        """Handle what arrived, a little at a time: a flood of frames ends the connection.

        First comes the whole head of the handshake, which uvicorn hands on. It takes no notice of a
        head that the WebSocket library refuses (one with a body, with too many headers). A client
        that asks for pongs without reading them is cut.
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
        """A part of a message, which may be empty."""
        self._count()
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """The WebSocket library has answered it."""
        self._count()
        super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """An answer to a ping of ours, or to none."""
        self._count()
        super().handle_pong(event)

    def _count(self) -> None:
        now = self.loop.time()
        gone = (now - self._counted_at) * self._settings.socket_messages_per_s
        self._frames_ahead = max(0.0, self._frames_ahead - gone) + 1
        self._counted_at = now

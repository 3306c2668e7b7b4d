"""WebSockets that never open, or whose clients do not read what they are sent."""

from __future__ import annotations

from asyncio.transports import BaseTransport, Transport
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from deployments.edge.protocol import raw_answer
from deployments.edge.reader import ReaderWatch
from deployments.settings import EdgeSettings
from engines.errors import Fault, InvalidParameters

MOST_UNREAD_BYTES = 2**20
"""Answers to a client's own pings that may wait until it reads. Messages of the application wait
in the application."""

NO_HANDSHAKE = Fault("request", None, "a WebSocket handshake", "is not a WebSocket handshake")


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which ends where its client reads too little."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        settings: EdgeSettings | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._settings = settings or EdgeSettings()

    def connection_made(self, transport: BaseTransport) -> None:
        """Watch what the client reads."""
        super().connection_made(transport)
        self._reader = ReaderWatch(cast(Transport, transport), self.loop, self._settings)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the watch."""
        self._reader.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle what arrived: first the whole head of the handshake, which uvicorn hands on.

        uvicorn takes no notice of a head that the WebSocket library refuses (one with a body, with
        too many headers). A client that asks for pongs without reading them is cut.
        """
        super().data_received(data)
        if not self.handshake_initiated:
            self.transport.write(raw_answer(InvalidParameters(NO_HANDSHAKE)))
            self.transport.close()
        elif self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.transport.abort()

    def pause_writing(self) -> None:
        """The client reads too slowly: watch how long."""
        super().pause_writing()
        self._reader.begin()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._reader.end()
        super().resume_writing()

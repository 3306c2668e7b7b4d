"""The state of one WebSocket. Only this module reads from it and writes to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum

from starlette.websockets import WebSocket, WebSocketDisconnect

from engines.errors import Details


class State(Enum):
    """The state of a connection, which decides what may be done with it."""

    CONNECTING = "connecting"
    """The handshake was not answered yet."""
    OPEN = "open"
    """Messages go both ways."""
    GONE = "gone"
    """The client left, or the connection broke."""
    CLOSED = "closed"
    """The service closed the connection."""


ALLOWED: Mapping[State, frozenset[str]] = {
    State.CONNECTING: frozenset({"accept", "close"}),
    State.OPEN: frozenset({"receive", "send", "close"}),
    State.GONE: frozenset(),
    State.CLOSED: frozenset(),
}
"""The allowed actions in each state; others raise `IllegalAction`. Only sending to a client that
has left raises `ClientGone`, because that may happen at any time."""


class IllegalAction(RuntimeError):
    """A bug in the service; never caused by the client."""


class ClientGone(Exception):
    """The client left, or the connection broke."""


class Connection:
    """Accepts, receives, sends and closes, if the state allows it.

    One task may receive while another sends. Two tasks must not send at the same time.
    """

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._state = State.CONNECTING

    @property
    def state(self) -> State:
        """The current state."""
        return self._state

    async def accept(self) -> None:
        """Accept the handshake."""
        self._expect("accept")
        await self._socket.accept()
        self._state = State.OPEN

    async def receive(self) -> str | bytes:
        """The next message. Raises `ClientGone` if the client has left."""
        self._expect("receive")
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            self._state = State.GONE
            raise ClientGone
        text: str | None = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def send(self, message: Details) -> None:
        """Send a message as JSON text.

        Waits for a slow client; raises `ClientGone` if the client has left.
        """
        self._expect("send")
        try:
            await self._socket.send_text(json.dumps(message, allow_nan=False))
        except (WebSocketDisconnect, OSError) as error:
            self._state = State.GONE
            raise ClientGone from error

    async def close(self, code: int) -> None:
        """Close the connection with `code` (RFC 6455, section 7.4).

        Before `accept`, this denies the handshake.
        """
        self._expect("close")
        self._state = State.CLOSED
        await self._socket.close(code)

    def _expect(self, action: str) -> None:
        if self._state is State.GONE:
            raise ClientGone
        allowed = ALLOWED[self._state]
        if action not in allowed:
            expected = ", ".join(sorted(allowed)) or "nothing"
            raise IllegalAction(f"socket is {self._state.value}: expected {expected}, got {action}")

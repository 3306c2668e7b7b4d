"""The life of one socket, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class SocketState(Enum):
    CONNECTING = "connecting"
    """The handshake is not answered yet: may be accepted or denied."""
    OPEN = "open"
    """Messages go both ways, jobs run."""
    CLOSING = "closing"
    """No message is taken or sent any more; jobs are being stopped."""
    CLOSED = "closed"


TRANSITIONS: Mapping[SocketState, frozenset[SocketState]] = {
    SocketState.CONNECTING: frozenset({SocketState.OPEN, SocketState.CLOSED}),
    SocketState.OPEN: frozenset({SocketState.CLOSING}),
    SocketState.CLOSING: frozenset({SocketState.CLOSED}),
    SocketState.CLOSED: frozenset(),
}


class IllegalTransition(RuntimeError):
    """A bug of ours, never the client's."""


class SocketMachine:
    """Refuses every step that the table does not have, and names what it expected."""

    def __init__(self, state: SocketState = SocketState.CONNECTING) -> None:
        self._state = state

    @property
    def state(self) -> SocketState:
        return self._state

    def to(self, target: SocketState) -> None:
        allowed = TRANSITIONS[self._state]
        if target not in allowed:
            expected = ", ".join(sorted(state.value for state in allowed)) or "nothing"
            raise IllegalTransition(
                f"socket is {self._state.value}: expected {expected}, got {target.value}"
            )
        self._state = target

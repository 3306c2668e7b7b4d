"""A browser, whose WebSocket cannot send custom headers."""

from __future__ import annotations

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from serve_app.access.tickets import (
    TICKET_LIFE_S,
)
from tests.serve_app.api import KEY

TICKET = "/api/v1/ws/ticket"
DENIED = 1008
"""Close code of a WebSocket that is refused before it is accepted (RFC 6455, 7.4.1)."""


def ticket_of(client: TestClient, key: str = KEY) -> str:
    answer = client.post(TICKET, headers={"X-API-Key": key})
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_in_s"] == TICKET_LIFE_S
    ticket: str = answer.json()["ticket"]
    return ticket


def opens(client: TestClient, query: str) -> bool:
    """Whether a WebSocket without custom headers is accepted and answered."""
    try:
        with client.websocket_connect(f"/api/v1/ws/generation{query}") as socket:
            socket.send_text("?")
            return bool(socket.receive_json()["type"] == "error")
    except WebSocketDisconnect as denied:
        if denied.code != DENIED:
            raise
        return False

"""One WebSocket through its life."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from serve_app.ws.connection import ALLOWED, ClientGone, Connection, IllegalAction, State
from tests.serve_app.asgi import Socket


class Opened:
    """A connection in a given state, and the client at its other end."""

    def __init__(self) -> None:
        self.client = Socket()
        scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
        self.connection = Connection(WebSocket(scope, self.client.receive, self.client.send))
        self.client.inbox.put_nowait({"type": "websocket.connect"})

    async def become(self, state: State) -> Connection:
        if state is not State.CONNECTING:
            await self.connection.accept()
        if state is State.GONE:
            self.client.leave()
            with pytest.raises(ClientGone):
                await self.connection.receive()
        if state is State.CLOSED:
            await self.connection.close(1000)
        assert self.connection.state is state
        return self.connection

    def sent(self) -> list[Message]:
        return [self.client.outbox.get_nowait() for _ in range(self.client.outbox.qsize())]


async def act(connection: Connection, action: str) -> None:
    match action:
        case "accept":
            await connection.accept()
        case "receive":
            await connection.receive()
        case "send":
            await connection.send({"type": "x"})
        case _:
            await connection.close(1000)


@pytest.fixture
async def opened() -> Opened:
    return Opened()


async def test_it_accepts_talks_and_closes(opened: Opened) -> None:
    connection = await opened.become(State.OPEN)
    opened.client.say({"a": 1})
    assert await connection.receive() == '{"a": 1}'
    await connection.send({"b": 2})
    await connection.close(1013)
    assert opened.sent() == [
        {"type": "websocket.accept", "subprotocol": None, "headers": []},
        {"type": "websocket.send", "text": '{"b": 2}'},
        {"type": "websocket.close", "code": 1013, "reason": ""},
    ]
    assert connection.state is State.CLOSED


@pytest.mark.parametrize("action", ["accept", "receive", "send", "close"])
@pytest.mark.parametrize("state", [State.CONNECTING, State.OPEN, State.CLOSED])
async def test_what_a_state_does_not_allow_is_named_and_not_done(
    opened: Opened, state: State, action: str
) -> None:
    connection = await opened.become(state)
    if action in ALLOWED[state]:
        opened.client.say({"a": 1})
        await act(connection, action)
        return
    before = len(opened.sent())
    with pytest.raises(IllegalAction, match=f"socket is {state.value}: expected .*got {action}"):
        await act(connection, action)
    assert connection.state is state
    assert (before, opened.sent()) == (before, [])


@pytest.mark.parametrize("action", ["accept", "receive", "send", "close"])
async def test_a_client_that_left_is_no_bug(opened: Opened, action: str) -> None:
    connection = await opened.become(State.GONE)
    with pytest.raises(ClientGone):
        await act(connection, action)


async def test_a_connection_that_breaks_while_we_send_is_gone(opened: Opened) -> None:
    connection = await opened.become(State.OPEN)
    opened.client.broken = True
    with pytest.raises(ClientGone):
        await connection.send({"a": 1})
    assert connection.state is State.GONE


async def test_a_handshake_may_be_denied(opened: Opened) -> None:
    await opened.connection.close(1008)
    assert [message["type"] for message in opened.sent()] == ["websocket.close"]


async def test_bytes_come_as_bytes(opened: Opened) -> None:
    connection = await opened.become(State.OPEN)
    opened.client.inbox.put_nowait({"type": "websocket.receive", "bytes": b"\x00"})
    assert await connection.receive() == b"\x00"


async def test_a_slow_client_holds_up_the_sender(opened: Opened) -> None:
    connection = await opened.become(State.OPEN)
    opened.client.stall()
    sending = asyncio.create_task(connection.send({"a": 1}))
    await asyncio.sleep(0)
    assert not sending.done()
    opened.client.resume()
    await sending


async def test_what_is_no_json_is_a_bug(opened: Opened) -> None:
    connection = await opened.become(State.OPEN)
    with pytest.raises(ValueError, match="JSON"):
        await connection.send({"a": float("nan")})


def test_every_state_has_a_row() -> None:
    assert set(ALLOWED) == set(State)

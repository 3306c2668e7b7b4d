"""Connections that a client tries to hold without a request: none outlives its deadlines."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
import threading
from functools import partial

import pytest
import uvicorn
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from uvicorn.server import ServerState

from deployments.edge.protocol import GuardedProtocol
from deployments.edge.websocket import MOST_UNREAD_BYTES
from deployments.settings import EdgeSettings
from tests.deployments.edge.edge_server import connected, edge_server, everything_from
from tests.waiting import PATIENCE_S, until, wait_for

SHORT_S = 0.2
TIME_TO_SEND_S = 1.0
"""A deadline that runs out, though not before the test has sent what it has to send."""
LONG_S = 3600.0
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "


async def unread(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers without a look at the body, as a refused key is answered."""
    await JSONResponse({}, 401)(scope, receive, send)


def is_answered(client: socket.socket) -> bool:
    """Read one whole answer of `unread`."""
    answer = b""
    while not answer.endswith(b"{}"):
        part = client.recv(1)
        assert part, f"closed after {answer!r}"
        answer += part
    return answer.startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (GET, b"\r\n"),
        (POST, b"x"),
        (POST, b"x" * 99_999),
        (UPGRADE + b"h2c\r\n\r\n", b"P"),
        (b"", UPGRADE + b"websocket\r\nContent-Length: 100000\r\n\r\n"),
        (b"", UPGRADE + b"websocket\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"", UPGRADE + b"websocket\r\n" + b"X: y\r\n" * 300 + b"\r\n"),
    ],
)
def test_bytes_that_belong_to_no_request_hold_no_connection(first: bytes, then: bytes) -> None:
    """uvicorn waits for as long as it likes once a byte has come after an answer."""
    limits = {"head_deadline_s": TIME_TO_SEND_S, "body_deadline_s": TIME_TO_SEND_S}
    with edge_server(unread, **limits) as port, connected(port) as idle:
        if first:
            idle.sendall(first)
            assert is_answered(idle)
        idle.sendall(then)
        everything_from(idle)


def test_who_sends_its_whole_body_after_the_answer_goes_on() -> None:
    limits = {"head_deadline_s": LONG_S, "body_deadline_s": LONG_S}
    with edge_server(unread, **limits) as port, connected(port) as late:
        late.sendall(POST.replace(b"100000", b"1000000"))
        assert is_answered(late)
        late.sendall(b"x" * 1_000_000)
        late.sendall(GET)
        assert is_answered(late)


def test_an_upgrade_behind_a_request_without_its_answer_ends_the_connection() -> None:
    """Its answer would be written past all limits, into a connection of another protocol."""
    with edge_server(unread) as port, connected(port) as both:
        both.sendall(GET + UPGRADE + b"websocket\r\n\r\n")
        assert b"websocket" not in everything_from(both).lower()


async def test_the_end_of_an_answer_that_nobody_takes_is_given_up() -> None:
    """It is less than what makes uvicorn wait, and a close waits for it without an end."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(40_000)})

    config = uvicorn.Config(answer, lifespan="off", timeout_keep_alive=0, log_config=None)
    config.load()
    state = ServerState()
    settings = EdgeSettings(stall_s=SHORT_S)
    made = partial(GuardedProtocol, config, state, {}, settings=settings)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        theirs.sendall(GET)
        await asyncio.get_running_loop().connect_accepted_socket(made, ours)
        await until(lambda: not state.connections)


def handshaken(port: int) -> socket.socket:
    """A WebSocket that is open, with a small buffer for what it is sent."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16))
    client.sendall(
        UPGRADE
        + b"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        + key
        + b"\r\n\r\n"
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return client


class Sockets:
    """An application that accepts a WebSocket, sends `count` messages and reads to its end."""

    def __init__(self, count: int = 0) -> None:
        self._count = count
        self.texts: list[str] = []
        self.ended = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = WebSocket(scope, receive, send)
        await client.accept()
        try:
            for _ in range(self._count):
                await client.send_text("x" * 65_536)
            while (message := await client.receive())["type"] != "websocket.disconnect":
                self.texts.append(message["text"])
        finally:
            self.ended.set()


def test_a_socket_that_reads_nothing_of_what_it_is_sent_is_cut() -> None:
    app = Sockets(count=1000)
    with edge_server(app, stall_s=TIME_TO_SEND_S) as port, handshaken(port):
        assert app.ended.wait(PATIENCE_S), "the server still waits for its reader"


def test_a_socket_that_asks_for_pongs_and_reads_none_is_cut() -> None:
    """Each ping is answered at once, so the answers would fill the server's memory."""
    mask = struct.pack("!BB", 0x89, 0x80 | 125) + bytes(4)
    pings = (mask + b"p" * 125) * 1000
    flood = pings * (100 * MOST_UNREAD_BYTES // len(pings))
    with (
        edge_server(Sockets(), stall_s=LONG_S) as port,
        handshaken(port) as client,
        pytest.raises(ConnectionError),
    ):
        client.sendall(flood)


def test_a_socket_that_reads_slowly_gets_everything() -> None:
    app = Sockets(count=100)
    with edge_server(app, stall_s=LONG_S) as port, handshaken(port) as slow:
        got = 0
        while got < 100 * 65_536:
            got += len(slow.recv(4096))
        slow.close()
        wait_for(app.ended.is_set)

"""Connections that are slow, silent, too many or too large, over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from deployments.edge.protocol import KEEP_ALIVE, keep_alive
from tests.deployments.edge.edge_server import (
    ServeQueues,
    connected,
    edge_server,
    everything_from,
)
from tests.waiting import PATIENCE_S

SHORT_S = 0.2
TIME_TO_SEND_S = 1.0
"""A deadline that runs out, though not before the test has sent what it has to send."""
LONG_S = 3600.0
NO_TIME_FOR_BODIES = {"body_deadline_s": SHORT_S, "min_body_bytes_per_s": 1e9}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was sent."""
    request = Request(scope, receive)
    found = {"size": len(await request.body()), "headers": dict(request.headers)}
    await JSONResponse(found)(scope, receive, send)


def answer_of(raw: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_connection_that_asks_for_nothing_is_closed() -> None:
    with edge_server(echo, head_deadline_s=SHORT_S) as port, connected(port) as silent:
        assert everything_from(silent) == b""


def test_a_head_that_never_ends_is_408_in_the_envelope() -> None:
    with edge_server(echo, head_deadline_s=TIME_TO_SEND_S) as port, connected(port) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        status, body = answer_of(everything_from(slow))
    assert status == 408
    assert body["error"]["code"] == "REQUEST_TIMEOUT"
    assert body["error"]["details"] == {"deadline_s": TIME_TO_SEND_S}


def test_the_deadline_holds_for_the_second_request_of_a_connection_too() -> None:
    with edge_server(echo, head_deadline_s=TIME_TO_SEND_S) as port, connected(port) as slow:
        slow.sendall(GET + b"GET / HTTP/1.1\r\nHost: ")
        found = everything_from(slow)
    assert found.startswith(b"HTTP/1.1 200")
    assert b"REQUEST_TIMEOUT" in found


@pytest.mark.parametrize(
    "begun",
    [
        b"Content-Length: 1000\r\n\r\nabc",
        b"Content-Length: 1000\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
@pytest.mark.parametrize("behind_serve", [True, False])
def test_a_body_that_does_not_come_is_408_in_the_envelope(begun: bytes, behind_serve: bool) -> None:
    app = ServeQueues(echo) if behind_serve else echo
    with edge_server(app, **NO_TIME_FOR_BODIES) as port, connected(port) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + begun)
        status, body = answer_of(everything_from(slow))
    assert status == 408
    assert body["error"]["code"] == "REQUEST_TIMEOUT"


def test_a_large_body_earns_its_time() -> None:
    with (
        edge_server(echo, body_deadline_s=SHORT_S, min_body_bytes_per_s=1.0) as port,
        connected(port) as steady,
    ):
        steady.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n" + b"x" * 1999)
        steady.settimeout(2 * SHORT_S)
        with pytest.raises(TimeoutError):
            steady.recv(1)  # still patient: 1999 bytes have earned 1999 s
        steady.settimeout(PATIENCE_S)
        steady.sendall(b"x")
        assert b'"size":2000' in steady.recv(65_536)


def test_a_request_without_a_body_may_take_its_time() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        done = threading.Event()
        threading.Timer(3 * SHORT_S, done.set).start()
        await asyncio.to_thread(done.wait)
        await JSONResponse({})(scope, receive, send)

    with edge_server(slow, **NO_TIME_FOR_BODIES) as port, connected(port) as client:
        client.sendall(GET)
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_head_without_an_end_in_size_is_refused() -> None:
    with (
        edge_server(echo, max_head_bytes=4096, head_deadline_s=LONG_S) as port,
        connected(port) as large,
    ):
        large.sendall(b"GET / HTTP/1.1\r\n" + b"X-Filler: y\r\n" * 400)
        status, body = answer_of(everything_from(large))
    assert (status, body["error"]["code"]) == (400, "INVALID_PARAMETERS")


def test_what_is_no_http_is_400_in_the_envelope() -> None:
    with edge_server(echo) as port, connected(port) as other:
        other.sendall(b"\x16\x03\x01\x02\x00 not http at all\r\n\r\n")
        status, body = answer_of(everything_from(other))
    assert (status, body["error"]["code"]) == (400, "INVALID_PARAMETERS")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"


async def tell_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the whole body, then answers with the names of the request's headers."""
    while (await receive()).get("more_body"):
        pass
    names = sorted(name.decode() for name, _ in scope["headers"])
    await JSONResponse({"names": names})(scope, receive, send)


@pytest.mark.parametrize("apart", [False, True])
def test_a_header_behind_a_body_is_no_header(apart: bool) -> None:
    head, rest = CHUNKED + b"Connection: close\r\n\r\n", b"1\r\nx\r\n0\r\nX-API-Key: mine\r\n\r\n"
    with edge_server(tell_headers) as port, connected(port) as client:
        for part in (head, rest) if apart else (head + rest,):
            client.sendall(part)
        status, body = answer_of(everything_from(client))
    assert (status, body["names"]) == (200, ["connection", "host", "transfer-encoding"])


@pytest.mark.parametrize("size", [b"-1", b"F" * 17, b"1\n", b"x"])
def test_a_body_that_is_no_http_is_told_so(size: bytes) -> None:
    with edge_server(tell_headers) as port, connected(port) as client:
        client.sendall(CHUNKED + b"\r\n" + size + b"\r\nx\r\n0\r\n\r\n")
        status, body = answer_of(everything_from(client))
        assert (status, body["error"]["code"]) == (400, "INVALID_PARAMETERS")
        with connected(port) as other:  # the server goes on
            other.sendall(GET)
            assert other.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_broken_body_behind_a_request_without_its_answer_is_not_answered_first() -> None:
    with edge_server(tell_headers) as port, connected(port) as both:
        both.sendall(GET + CHUNKED + b"\r\n-1\r\n")
        assert b" 400 " not in everything_from(both)


@pytest.mark.parametrize("limit", ["max_connections", "max_connections_per_address"])
def test_one_connection_too_many_is_told_so_and_the_others_go_on(limit: str) -> None:
    with edge_server(echo, **{limit: 3}) as port, ExitStack() as open_ones:
        held = [open_ones.enter_context(connected(port)) for _ in range(3)]
        for connection in held:
            connection.sendall(GET)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        with connected(port) as extra:
            status, body = answer_of(everything_from(extra))
        assert (status, body["error"]["code"]) == (503, "OVERLOADED")
        held[0].sendall(GET)
        assert held[0].recv(65_536).startswith(b"HTTP/1.1 200")


def test_idle_connections_keep_nobody_out() -> None:
    """A few addresses could take all places, and again as soon as their deadlines are over."""
    limits = {"max_connections": 3, "head_deadline_s": 3600.0}
    with edge_server(echo, **limits) as port, ExitStack() as open_ones:
        idle = [open_ones.enter_context(connected(port)) for _ in range(3)]
        idle[1].sendall(GET[:5])  # a part of a head is no request yet
        with connected(port) as client:
            client.sendall(GET)
            assert client.recv(65_536).startswith(b"HTTP/1.1 200")
            assert everything_from(idle[0]) == b""
            idle[2].sendall(GET)
            assert idle[2].recv(65_536).startswith(b"HTTP/1.1 200")
            with connected(port) as other:
                other.sendall(GET)
                assert other.recv(65_536).startswith(b"HTTP/1.1 200")
                assert everything_from(idle[1]) == b""


def test_who_gives_way_makes_no_room_at_its_own_address() -> None:
    limits = {"max_connections": 2, "max_connections_per_address": 2}
    with edge_server(echo, **limits) as port, ExitStack() as open_ones:
        for _ in range(2):
            open_ones.enter_context(connected(port))
        with connected(port) as extra:
            status, _ = answer_of(everything_from(extra))
    assert status == 503


def test_a_reader_that_takes_nothing_is_cut() -> None:
    ended = threading.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": bytes(2**16), "more_body": True})
        ended.set()

    with edge_server(endless, stall_s=SHORT_S) as port, connected(port) as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.sendall(GET)
        assert stuck.recv(1) == b"H"
        assert ended.wait(PATIENCE_S), "the server still waits for its reader"


def test_serves_own_request_headers_do_not_get_through() -> None:
    sent = {
        "x-request-timeout-seconds": "0.05",
        "X-Request-Disconnect-Disabled": "?1",
        "serve_multiplexed_model_id": "m",
        "Serve-Multiplexed-Model-Id": "m",
        "x-session-id": "s",
        "X-Kept": "yes",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    with edge_server(echo) as port, connected(port) as client:
        client.sendall(f"GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        _, body = answer_of(client.recv(65_536))
    assert set(body["headers"]) == {"host", "x-kept"}


def test_an_answer_carries_one_request_id() -> None:
    async def twice(scope: Scope, receive: Receive, send: Send) -> None:
        answer = JSONResponse({})
        answer.raw_headers += [(b"x-request-id", b"ours"), (b"X-Request-ID", b"serves")]
        await answer(scope, receive, send)

    with edge_server(twice) as port, connected(port) as client:
        client.sendall(GET)
        head = client.recv(65_536).lower()
    assert head.count(b"x-request-id") == 1
    assert b"ours" in head


def test_a_connection_whose_client_vanished_is_noticed() -> None:
    """The kernel asks it after half a minute of silence, and closes it half a minute later."""

    class Transport(asyncio.Transport):
        def __init__(self, connection: socket.socket) -> None:
            super().__init__({"socket": connection})

    with socket.socket() as connection:
        keep_alive(Transport(connection))
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        found = {option: connection.getsockopt(socket.IPPROTO_TCP, option) for option in KEEP_ALIVE}
        assert found == KEEP_ALIVE
        assert found[socket.TCP_KEEPIDLE] <= 60

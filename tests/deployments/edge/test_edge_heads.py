"""For whom a request is, and where it ends: what a proxy in front could read in another way."""

from __future__ import annotations

import json

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from deployments.edge.heads import head_fault
from tests.deployments.edge.edge_server import connected, edge_server, everything_from


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body that it was sent."""
    body = await Request(scope, receive).body()
    await JSONResponse({"body": body.decode()})(scope, receive, send)


def answer_to(head: bytes, body: bytes = b"") -> tuple[int, dict[str, object]]:
    with edge_server(echo) as port, connected(port) as client:
        client.sendall(head + b"Connection: close\r\n\r\n" + body)
        raw = everything_from(client)
    first, _, said = raw.partition(b"\r\n\r\n")
    return int(first.split()[1]), json.loads(said)


@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host: a\r\nHost: b\r\n",
        b"Host: a\r\nhost: a\r\n",
        b"Host: a, b\r\n",
        b"Host: user@a\r\n",
        b"Host: a/b\r\n",
        b"Host: a:b\r\n",
        b"Host: a b\r\n",
    ],
)
def test_a_request_for_no_host_or_for_two_is_refused(hosts: bytes) -> None:
    status, said = answer_to(b"GET / HTTP/1.1\r\n" + hosts)
    assert (status, said["error"]["code"]) == (400, "INVALID_PARAMETERS")  # type: ignore[index]
    assert "Host" in said["error"]["message"]  # type: ignore[index]


@pytest.mark.parametrize(
    "host",
    [b"localhost:8000", b"127.0.0.1:8000", b"[::1]:8000", b"images.example.org", b"my_pod", b""],
)
def test_a_request_for_one_host_is_answered(host: bytes) -> None:
    assert answer_to(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n")[0] == 200


def test_http_1_0_needs_no_host() -> None:
    assert answer_to(b"GET / HTTP/1.0\r\n")[0] == 200


@pytest.mark.parametrize(
    "coding",
    [
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding:\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
    ],
)
def test_a_body_in_a_coding_that_is_not_read_is_refused(coding: bytes) -> None:
    status, said = answer_to(b"POST / HTTP/1.1\r\nHost: x\r\n" + coding, b"1\r\nx\r\n0\r\n\r\n")
    assert (status, said["error"]["code"]) == (400, "INVALID_PARAMETERS")  # type: ignore[index]


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b" chunked "])
def test_a_chunked_body_is_read(coding: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:" + coding + b"\r\n"
    assert answer_to(head, b"1\r\nx\r\n0\r\n\r\n") == (200, {"body": "x"})


def test_http_1_0_has_no_chunked_bodies() -> None:
    assert head_fault("1.0", [(b"transfer-encoding", b"chunked")]) is not None


def test_an_upgrade_to_a_websocket_needs_a_host_too() -> None:
    status, said = answer_to(
        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    )
    assert status == 400
    assert "Host" in said["error"]["message"]  # type: ignore[index]

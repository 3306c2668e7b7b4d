"""Downloads are sent no faster than they are read, although Ray Serve's queues have no bound."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncGenerator

import httpx
from starlette.types import Receive, Scope, Send

from serve_app.files.downloads import Download
from tests.deployments.edge.edge_server import ServeQueues, connected, edge_server
from tests.waiting import PATIENCE_S, wait_for

CHUNK = bytes(2**18)
CHUNKS = 200
WINDOW_BYTES = 2**20


class Source:
    """A download that notes how much was asked of it, and whether it was closed."""

    def __init__(self) -> None:
        self.given = 0
        self.closed = threading.Event()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(CHUNKS):
                self.given += 1
                yield CHUNK
        finally:
            self.closed.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Content-Length": str(len(CHUNK) * CHUNKS)}
        download = Download(b"", self.chunks(), headers=headers, window_bytes=WINDOW_BYTES)
        await download(scope, receive, send)


def begin(connection: socket.socket) -> None:
    """Ask for the download, and read the first byte only."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(1) == b"H"


def test_an_unread_download_waits_in_bounded_memory() -> None:
    source = Source()
    queues = ServeQueues(source)
    with edge_server(queues) as port, connected(port) as lazy:
        begin(lazy)
        wait_for(lambda: source.given * len(CHUNK) > WINDOW_BYTES)
        with connected(port) as other:  # when it answers, the first has had its turns
            begin(other)
        assert queues.most_queued_bytes <= 2 * (WINDOW_BYTES + len(CHUNK))
        assert source.given < CHUNKS / 2


def test_a_read_download_is_whole() -> None:
    source = Source()
    with edge_server(ServeQueues(source)) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/")
    assert len(answer.content) == len(CHUNK) * CHUNKS
    assert source.closed.is_set()
    assert "x-inferloop-acknowledge" not in answer.headers


def test_a_download_ends_when_its_client_leaves() -> None:
    source = Source()
    with edge_server(ServeQueues(source)) as port:
        with connected(port) as leaving:
            begin(leaving)
        assert source.closed.wait(PATIENCE_S)
    assert source.given < CHUNKS


def test_without_serves_queues_the_servers_own_backpressure_is_enough() -> None:
    source = Source()
    with edge_server(source) as port, connected(port) as lazy:
        begin(lazy)
        with connected(port) as other:
            begin(other)
        assert source.given < CHUNKS / 2

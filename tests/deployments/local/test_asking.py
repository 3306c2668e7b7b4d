"""Whether a server on this machine answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deployments.local.asking import answers

WITHIN_S = 30.0


@contextmanager
def server(status: int) -> Iterator[str]:
    """Answers every request with the status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.01,)).start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}/healthz"
        finally:
            listening.shutdown()


@pytest.mark.parametrize(
    ("status", "expected"), [(200, True), (204, False), (404, False), (503, False)]
)
def test_only_200_is_an_answer(status: int, expected: bool) -> None:
    with server(status) as url:
        assert answers(url, WITHIN_S) is expected


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert not answers(f"http://127.0.0.1:{probe.getsockname()[1]}/healthz", WITHIN_S)


def test_what_is_no_http_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")

        talking = threading.Thread(target=talk)
        talking.start()
        assert not answers(f"http://127.0.0.1:{listening.getsockname()[1]}/", WITHIN_S)
        talking.join()


def test_a_server_that_hangs_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert not answers(f"http://127.0.0.1:{listening.getsockname()[1]}/", within_s=0.05)

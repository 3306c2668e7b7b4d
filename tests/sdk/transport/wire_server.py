"""A real TCP server. The test defines every byte that it sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.waiting import PATIENCE_S

JSON = "Content-Type: application/json"


@dataclass(frozen=True)
class Request:
    """A request as received."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Wire:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader = connection.makefile("rb")

    def read(self) -> Request | None:
        """The next request; None if the client has disconnected."""
        first = self._reader.readline().decode().split()
        if len(first) != 3:
            return None
        headers = {}
        while line := self._reader.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = self._reader.read(int(headers.get("content-length", 0)))
        return Request(first[0], first[1], headers, body)

    def send(self, content: bytes) -> None:
        self._connection.sendall(content)

    def read_to_the_end(self) -> None:
        while self._reader.read(65_536):
            pass

    def close(self) -> None:
        self._reader.close()
        self._connection.close()


Play = Callable[[Wire], None]
"""Called with each accepted connection."""


class WireServer:
    """Listens on a free loopback port. Each connection uses the next of `plays`, and later ones the
    last."""

    def __init__(self, *plays: Play) -> None:
        self.plays = list(plays)
        self.requests: list[Request] = []
        self.connections = 0
        self.released = threading.Event()
        """Set when the test has ended. A play that sends nothing waits for it."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, play), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, play: Play) -> None:
        wire = Wire(connection)
        try:
            play(wire)
        except OSError:
            pass  # the client has disconnected
        finally:
            wire.close()

    def wait_until_closed(self) -> None:
        """Wait until the server has closed the last connection that it accepted."""
        self._threads[-1].join(PATIENCE_S)

    def answering(self, *answers: bytes) -> Play:
        """A play that answers each request with the next answer, then closes."""

        def play(wire: Wire) -> None:
            for answer in answers:
                request = wire.read()
                if request is None:
                    return
                self.requests.append(request)
                wire.send(answer)

        return play

    def silent_after(self, whole: bytes, beginning: bytes) -> Play:
        """A play that answers the first request with `whole`, and the second with `beginning` and
        nothing more."""

        def play(wire: Wire) -> None:
            for sent in (whole, beginning):
                if (request := wire.read()) is None:
                    return
                self.requests.append(request)
                wire.send(sent)
            self.released.wait(PATIENCE_S)

        return play

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A complete answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*pieces: bytes, headers: tuple[str, ...] = (JSON,), ended: bool = True) -> bytes:
    """A chunked answer. It is complete if `ended`; else the last chunk is missing."""
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *headers]
    head = "\r\n".join([*lines, "", ""]).encode()
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + body + (b"0\r\n\r\n" if ended else b"")

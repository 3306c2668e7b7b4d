"""A real `websockets` server in a thread. The test defines its behavior as a function."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from tests.waiting import PATIENCE_S

Behavior = Callable[[ServerConnection], None]
"""Called with each open connection, which is closed when the function returns."""

Refusal = Callable[[ServerConnection, Request], Response | None]
"""Called with each handshake. Returns the response of a refusal, or None to accept it."""


def send(connection: ServerConnection, message: Mapping[str, Any]) -> None:
    connection.send(json.dumps(message))


def progress(step: int, total_steps: int, **extra: Any) -> dict[str, Any]:
    done = {"step": step, "total_steps": total_steps, "progress": step / total_steps}
    return {"type": "progress", "job_id": "job_1", **done, **extra}


RESULT = {
    "type": "result",
    "job_id": "job_1",
    "image_path": "/data/generated/image_1.png",
    "prompt": "a fox",
    "parameters": {"seed": 7},
    "served_model": "inferloop-mini",
}


def generation(steps: int) -> Behavior:
    """Reads one `generate` message, reports every step, sends the result."""

    def behave(connection: ServerConnection) -> None:
        json.loads(connection.recv())
        for step in range(1, steps + 1):
            send(connection, progress(step, steps))
        send(connection, RESULT)

    return behave


class SocketServer:
    """Listens on a free loopback port. Each connection uses the next of `behaviors`, and later
    ones the last."""

    def __init__(self) -> None:
        self.behaviors: list[Behavior] = [generation(3)]
        self.refusals: list[Refusal] = []
        self.paths: list[str] = []
        self.headers: list[Headers] = []
        """The headers of every handshake, also of refused ones."""
        self.received: list[dict[str, Any]] = []
        """Messages that clients sent after the first one."""
        self.connection_ended = threading.Event()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        assert self._server is not None
        host, port = self._server.socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def listen_to_the_end(self, connection: ServerConnection) -> None:
        """For behaviors: keep the client's messages until it disconnects."""
        try:
            for text in connection:
                self.received.append(json.loads(text))
        except ConnectionClosed:
            pass

    def _handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        behave = self.behaviors.pop(0) if len(self.behaviors) > 1 else self.behaviors[0]
        try:
            behave(connection)
        except ConnectionClosed:
            pass
        finally:
            self.connection_ended.set()

    def _answer_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.headers.append(request.headers)
        return self.refusals.pop(0)(connection, request) if self.refusals else None

    def __enter__(self) -> Self:
        self._server = serve(
            self._handle, "127.0.0.1", 0, process_request=self._answer_handshake, close_timeout=1
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.shutdown()
        self._thread.join(PATIENCE_S)

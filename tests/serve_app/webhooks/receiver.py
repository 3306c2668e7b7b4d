"""A receiver of webhooks: a real HTTPS server on loopback, with a certificate for a host name."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

from serve_app.webhooks.addresses import is_public
from serve_app.webhooks.sending import Sender
from serve_app.webhooks.targets import Target
from tests.waiting import PATIENCE_S

HOST = "hooks.example.com"


@dataclass
class Heard:
    """A received request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with `statuses` in turn, then 204. A redirect has its own `/elsewhere` as target."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)
    """If cleared, requests are read but not answered."""
    answer_bytes: int = 0
    """Bytes of the body of each answer."""
    authority: trustme.CA = field(default_factory=trustme.CA)

    def trusting(self) -> ssl.SSLContext:
        """TLS context of a client that trusts only the receiver's certificate authority."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def target(self, path: str = "/hook", host: str = HOST) -> Target:
        return Target(host, self.port, path)

    def url(self, path: str = "/hook") -> str:
        return f"https://{HOST}:{self.port}{path}"

    @property
    def allowed(self) -> str:
        """The entry for the allowlist."""
        return f"{HOST}:{self.port}"

    def sender(
        self, addresses: Sequence[str] = ("127.0.0.1",), timeout_s: float = PATIENCE_S
    ) -> Sender:
        """A sender that resolves every name to these addresses, and treats loopback as public."""

        async def resolve(host: str, port: int) -> Sequence[str]:
            return addresses

        def is_allowed(address: str) -> bool:
            return address == "127.0.0.1" or is_public(address)

        return Sender(timeout_s, resolve, is_allowed, self.trusting())


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Prints nothing: in some tests clients disconnect."""


@contextmanager
def receiving(certified: str = HOST) -> Iterator[Receiver]:
    """Run a receiver whose certificate is for the host name `certified`."""
    receiver = Receiver()
    receiver.answering.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.heard.append(Heard(self.path, headers, self.rfile.read(length)))
            receiver.answering.wait(PATIENCE_S)
            status = receiver.statuses.pop(0) if receiver.statuses else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(receiver.answer_bytes))
            self.end_headers()
            self.wfile.write(b"x" * receiver.answer_bytes)

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    receiver.authority.issue_cert(certified).configure_cert(tls)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.answering.set()
        server.shutdown()
        server.server_close()

"""An S3 server with faults: moto behind a WSGI layer that refuses requests, changes answers and
counts, and a proxy that cuts connections. The faults affect clients of any library."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import orjson
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from engines.datasets.s3.by_obstore import ObstoreSender
from engines.datasets.s3.sending import Sender
from engines.storage.s3.client import S3Client, S3ClientConfig
from engines.types import S3ExportReport, S3ExportRequest
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from obstore.store import S3Credential

Headers = list[tuple[str, str]]
ANYBODY, OBSTORE, BOTO3 = "", "object_store", "Boto3"
"""Parts of a client's user agent."""


class ClientFactory:
    """Makes clients for the test server, with the faults that `register` adds to each."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.hooks: list[tuple[str, Callable[..., Any]]] = []
        self.calls: Counter[str] = Counter()
        self.max_attempts = 2

    def register(self, event: str, hook: Callable[..., Any]) -> None:
        self.hooks.append((event, hook))

    def __call__(self, max_connections: int) -> S3Client:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="very-secret",
            config=Config(
                retries={"mode": "standard", "total_max_attempts": self.max_attempts},
                max_pool_connections=max_connections,
                connect_timeout=PATIENCE_S,
                read_timeout=PATIENCE_S,
            ),
        )
        client.meta.events.register("before-call.s3", self._count)
        for event, hook in self.hooks:
            client.meta.events.register(event, hook)
        return client

    def obstore(self, client: S3Client, request: S3ExportRequest) -> Sender:
        """A sender that uses obstore with the same server."""
        config = S3ClientConfig(
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            read_timeout_s=PATIENCE_S,
            max_attempts=self.max_attempts,
        )
        keys: S3Credential = {
            "access_key_id": "AKIDEXAMPLE",
            "secret_access_key": "very-secret",
            "expires_at": None,
        }
        return ObstoreSender(config, request.bucket_name, lambda: keys)

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1


def answer(status: int, code: str) -> AWSResponse:
    """An S3 error answer, as from a real server."""
    body = f"<Error><Code>{code}</Code><Message>arn:aws:iam::1:user/bob</Message></Error>".encode()
    raw = type("Raw", (), {"stream": lambda self, *a, **k: iter([body])})()
    return AWSResponse("http://s3", status, {}, raw)


class Refuse:
    """Answers `times` PUTs of matching keys with an error, or all of them."""

    def __init__(self, part: str, status: int, code: str, times: int = 10**9) -> None:
        self.part, self.status, self.code, self.left = part, status, code, times
        self._lock = threading.Lock()

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        with self._lock:
            if request.method == "PUT" and self.part in request.url and self.left > 0:
                self.left -= 1
                return answer(self.status, self.code)
        return None


class Fault:
    """A fault for PUTs whose key contains `part`, from clients whose user agent contains `client`:
    for `times` of them, or for all. They get an error with `status`, or, if it is None, the real
    answer with `etag`."""

    def __init__(
        self,
        part: str,
        status: int | None = None,
        code: str = "",
        client: str = ANYBODY,
        times: int = 10**9,
        etag: str | None = None,
        encryption: str | None = None,
        methods: Sequence[str] = ("PUT",),
    ) -> None:
        self.methods = methods
        self.part, self.status, self.code, self.client = part, status, code, client
        self.left, self.etag, self.encryption = times, etag, encryption
        self._lock = threading.Lock()

    def meets(self, environ: dict[str, Any]) -> bool:
        if environ["REQUEST_METHOD"] not in self.methods or self.part not in environ["PATH_INFO"]:
            return False
        if self.client not in environ.get("HTTP_USER_AGENT", ""):
            return False
        with self._lock:
            self.left -= 1
            return self.left >= 0

    def body(self) -> bytes:
        message = "arn:aws:iam::1:user/bob"
        return f"<Error><Code>{self.code}</Code><Message>{message}</Message></Error>".encode()

    def rewrite(self, headers: Headers) -> Headers:
        kept = [(name, value) for name, value in headers if name.lower() != "etag" or not self.etag]
        if self.etag is not None:
            kept.append(("ETag", f'"{self.etag}"'))
        if self.encryption is not None:
            kept.append(("x-amz-server-side-encryption", self.encryption))
        return kept


class FaultyS3:
    """The WSGI layer. `puts`: client to its number of PUTs; `requests`: all requests."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self.faults: list[Fault] = []
        self.puts: Counter[str] = Counter()
        self.requests: list[str] = []
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if environ["REQUEST_METHOD"] == "PUT":
            agent = environ.get("HTTP_USER_AGENT", "")
            self.puts[OBSTORE if OBSTORE in agent else BOTO3] += 1
        fault = next((fault for fault in self.faults if fault.meets(environ)), None)
        if fault is None:
            return self._app(environ, start)
        if fault.status is None:
            return self._app(
                environ, lambda status, headers, *rest: start(status, fault.rewrite(headers), *rest)
            )
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = fault.body()
        head = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
        start(f"{fault.status} Fault", head)
        return [body]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class PausingProxy:
    """A TCP proxy that can pause: then connections are broken and refused."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._clients.append(client)
                server = socket.create_connection(self._target)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def go_away(self) -> None:
        # A thread that waits in `accept` keeps the socket open: shut it down first.
        for each in (self._listener, *self._clients):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def come_back(self) -> None:
        self._listener = socket.create_server(self.address)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()


class CuttingProxy:
    """A TCP proxy that cuts every `every`-th connection after `after` bytes to the server."""

    def __init__(self, target: tuple[str, int], every: int, after: int) -> None:
        self._target, self._every, self._after = target, every, after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.connections, self.cuts = 0, 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                cut = self.connections % self._every == 0
                server = socket.create_connection(self._target)
                left = self._after if cut else 10**12
                for source, sink, room in ((client, server, left), (server, client, 10**12)):
                    threading.Thread(
                        target=self._pump, args=(source, sink, room), daemon=True
                    ).start()

    def _pump(self, source: socket.socket, sink: socket.socket, room: int) -> None:
        with suppress(OSError):
            while chunk := source.recv(4096):
                sink.sendall(chunk[:room])
                room -= len(chunk)
                if room <= 0:
                    self.cuts += 1
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.close()


def objects(s3: S3Client, bucket: str) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return {
        item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed
    }


def check_bucket(report: S3ExportReport, s3: S3Client, bucket: str) -> None:
    """The manifest lists exactly what is there, byte for byte, and the counts add up."""
    there = objects(s3, bucket)
    manifest = orjson.loads(there.pop("v1/manifest.json"))
    assert {f"v1/{entry['key']}" for entry in manifest["files"]} == set(there)
    for entry in manifest["files"]:
        assert entry["sha256"] == hashlib.sha256(there[f"v1/{entry['key']}"]).hexdigest()
    assert manifest["image_count"] == report.uploaded_count
    assert len(there["v1/metadata.jsonl"].splitlines()) == report.uploaded_count

"""An S3 server in this process that can be slow, break connections, refuse requests and give wrong
answers. It also reports which objects it really has."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET: Final = "faults"
SHARE_HIT = 0.3
"""Share of the PUTs of objects that a fault affects."""
SLOW_S, AWAY_S = 0.3, 4.0
WELL, SLOW, CUT, BUSY, DIGEST, ETAG, LOST = (
    "well",
    "slow",
    "cut",
    "503",
    "wrong checksum",
    "wrong ETag",
    "answer lost",
)
REFUSALS: Mapping[str, tuple[str, str]] = {
    BUSY: ("503 Slow Down", "SlowDown"),
    DIGEST: ("400 Bad Request", "BadDigest"),
}
_KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "very-secret"}


class FaultyS3:
    """The S3 server of moto, with the fault `mode` in a share of the PUTs."""

    def __init__(self, dice: random.Random) -> None:
        self.mode = WELL
        self._dice = dice
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._open(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.client().create_bucket(Bucket=BUCKET)

    def client(self) -> Any:
        return boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **_KEYS)

    def environment(self) -> dict[str, str]:
        """Environment variables with which a service may export to the bucket."""
        return {
            "INFERLOOP_S3_ENDPOINT_URL": self.url,
            "INFERLOOP_S3_EXPORT_BUCKETS": BUCKET,
            "AWS_DEFAULT_REGION": "us-east-1",
            **{name.upper(): value for name, value in _KEYS.items()},
        }

    def go_away(self, for_s: float = AWAY_S) -> None:
        """Refuse connections for `for_s` seconds."""
        self.close()
        port = self._server.server_port
        threading.Timer(for_s, lambda: self._open(port)).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _open(self, port: int) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs every request
        self._server = make_server("127.0.0.1", port, self, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        is_object = environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].count("/") > 1
        if not is_object or self.mode == WELL or self._dice.random() > SHARE_HIT:
            return self._moto(environ, start)
        return self._met(self.mode, environ, start)

    def _met(
        self, mode: str, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        if mode == SLOW:
            time.sleep(SLOW_S)
            return self._moto(environ, start)
        if mode == ETAG:
            return self._moto(environ, _lying(start))
        if mode == LOST:
            list(self._moto(environ, lambda *_: None))
        if mode in (LOST, CUT):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        return _refused(environ, start, *REFUSALS[mode])


def _lying(start: Callable[..., Any]) -> Callable[..., Any]:
    def lied(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        kept = [(name, value) for name, value in headers if name.lower() != "etag"]
        return start(status, [*kept, ("ETag", f'"{"0" * 32}"')], *rest)

    return lied


def _refused(
    environ: dict[str, Any], start: Callable[..., Any], status: str, code: str
) -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def differs(client: Any, prefix: str, uploaded: int) -> str:
    """How the objects under the prefix differ from an export of `uploaded` images; "" if they do
    not differ."""
    there = {}
    for page in client.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix=f"{prefix}/"
    ):
        for item in page.get("Contents", ()):
            body = client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            there[item["Key"].removeprefix(f"{prefix}/")] = body
    if "manifest.json" not in there:
        return "no manifest"
    manifest = json.loads(there.pop("manifest.json"))
    listed = {entry["key"]: entry["sha256"] for entry in manifest["files"]}
    if listed != {key: hashlib.sha256(body).hexdigest() for key, body in there.items()}:
        return "the manifest does not list what is there"
    return "" if manifest["image_count"] == uploaded else "another number of images"

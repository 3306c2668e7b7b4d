"""A receiver that accepts connections and never answers, beside one that works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from engines.jobs.sqlite.store import SqliteJobStore
from serve_app.access.api_keys import ApiKeys
from serve_app.durable.keeping import terms_of
from serve_app.webhooks.wiring import WebhookWiring
from tests.serve_app.api import HEADERS, KEY, build_api
from tests.serve_app.durable.playing import SMALL, job_of, submitted
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.webhooks.hooking import SECRETS, config_for, delivered, hooked
from tests.serve_app.webhooks.receiver import Receiver, receiving
from tests.waiting import wait_for

DEAD_HOST = "dead.example.com"
MANY = 30


@pytest.fixture
def dead() -> Iterator[Receiver]:
    with receiving(DEAD_HOST) as receiver:
        receiver.answering.clear()
        yield receiver


@pytest.fixture
def both(fakes: FakeServices, receiver: Receiver, dead: Receiver, tmp_path: Path) -> TestClient:
    """A client of a service that may call both, with two attempts at the same time."""
    sender = receiver.sender(timeout_s=0.3)
    dead.authority.configure_trust(sender.tls)
    allowed = (receiver.allowed, f"{DEAD_HOST}:{dead.port}")
    config = config_for(
        receiver, allowed_hosts=allowed, max_in_flight=2, timeout_s=0.3, retry_after_s=(0.05,) * 40
    )
    store = SqliteJobStore(tmp_path / "jobs.sqlite", terms_of(config.durable))
    hooks = WebhookWiring(SECRETS, sender)
    app = build_api(fakes, config, store, ApiKeys([KEY]), hooks=hooks).app
    return TestClient(app, headers=HEADERS)


def test_events_for_a_dead_receiver_do_not_delay_those_for_another(
    both: TestClient, receiver: Receiver, dead: Receiver
) -> None:
    webhook = {"url": f"https://{DEAD_HOST}:{dead.port}/hook", "events": ["job.started"]}
    with both as client:
        jobs = [submitted(client, body={**SMALL, "webhook": webhook}) for _ in range(MANY)]
        (delivery,) = delivered(client, submitted(client, body=hooked(receiver)))
        tried = [job for job in jobs if job_of(client, job)["deliveries"][0]["attempts"]]
        assert delivery["state"] == "delivered"
        assert len(tried) < MANY / 2  # without a limit, all that were due before


def test_a_receiver_that_answers_again_gets_all_its_events(
    both: TestClient, receiver: Receiver
) -> None:
    receiver.answering.clear()
    with both as client:
        jobs = [submitted(client, body=hooked(receiver)) for _ in range(4)]
        wait_for(lambda: receiver.heard)
        receiver.answering.set()
        states = [delivered(client, job)[0]["state"] for job in jobs]
    assert "delivered" in states

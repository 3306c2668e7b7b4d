"""A sender of webhooks that dies between an attempt and its note."""

from __future__ import annotations

import time
from pathlib import Path

from starlette.testclient import TestClient

from engines.jobs.deliveries import Attempt, Delivery
from engines.jobs.sqlite.deliveries import SqliteDeliveries
from engines.jobs.sqlite.store import SqliteJobStore
from serve_app.config import ApiConfig
from serve_app.durable.keeping import terms_of
from serve_app.webhooks.wiring import WebhookWiring
from tests.serve_app.api import HEADERS, build_api
from tests.serve_app.durable.playing import ended, submitted
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.webhooks.hooking import (
    SECRETS,
    api_over,
    config_for,
    delivered,
    hooked,
)
from tests.serve_app.webhooks.receiver import Receiver
from tests.waiting import wait_for


class NeverNotes(SqliteDeliveries):
    """Of a process that is killed after an attempt and before it is noted."""

    def note(self, delivery: Delivery, attempt: Attempt, again_at: float | None) -> None:
        raise SystemError("killed")


class DoomedStore(SqliteJobStore):
    """The store of such a process."""

    def __init__(self, path: Path, config: ApiConfig) -> None:
        super().__init__(path, terms_of(config.durable))
        self.deliveries = NeverNotes(self._file, time.time)


def test_an_event_whose_sender_dies_before_it_is_noted_comes_again_under_the_same_id(
    fakes: FakeServices, receiver: Receiver, tmp_path: Path
) -> None:
    store, config = tmp_path / "jobs.sqlite", config_for(receiver, timeout_s=0.3)
    hooks = WebhookWiring(SECRETS, receiver.sender())
    doomed = build_api(fakes, config, DoomedStore(store, config), hooks=hooks)
    with TestClient(doomed.app, headers=HEADERS) as client:
        job = ended(client, submitted(client, body=hooked(receiver)))
        wait_for(lambda: receiver.heard)
    with TestClient(api_over(fakes, config, receiver, store).app, headers=HEADERS) as client:
        (delivery,) = delivered(client, job)
    assert delivery["state"] == "delivered"
    assert {heard.headers["webhook-id"] for heard in receiver.heard} == {delivery["id"]}
    assert len({heard.body for heard in receiver.heard}) == 1
    assert len(fakes.generation.started) == 1

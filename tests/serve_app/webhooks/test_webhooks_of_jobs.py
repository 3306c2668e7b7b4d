"""Webhooks of jobs, from the request to the receiver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from engines.errors import GenerationFailed
from tests.serve_app.api import HEADERS, KEY, OTHER_KEY
from tests.serve_app.durable.playing import API, ASYNC, SMALL, ended, job_of, submitted
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.serve_app.webhooks.hooking import api_over, config_for, delivered, hooked
from tests.serve_app.webhooks.receiver import Receiver


def test_the_receiver_hears_how_the_job_ended(client: TestClient, receiver: Receiver) -> None:
    job = submitted(client, body=hooked(receiver))
    (delivery,) = delivered(client, job)
    (heard,) = receiver.heard
    secret = client.get(f"{API}/webhooks/secret").json()["secret"]
    happened = Webhook(secret).verify(heard.body, heard.headers)
    shown = job_of(client, job)
    assert happened["type"] == "job.succeeded"
    assert happened["data"] == {k: v for k, v in shown.items() if k != "deliveries"}
    assert happened["timestamp"] == shown["ended_at"]
    assert heard.headers["webhook-id"] == delivery["id"]
    assert heard.headers["content-type"] == "application/json"
    assert delivery["event"] == "job.succeeded"
    assert delivery["state"] == "delivered"
    assert [(each["attempt"], each["status"]) for each in delivery["attempts"]] == [(1, 204)]
    assert delivery["attempts"][0]["at"] >= shown["ended_at"]


def test_the_job_is_the_same_as_without_a_webhook(
    client: TestClient, fakes: FakeServices, receiver: Receiver
) -> None:
    ended(client, submitted(client, body=hooked(receiver, seed=7)))
    ended(client, submitted(client, body={**SMALL, "seed": 7}))
    one, other = fakes.generation.started
    assert (one.prompt, one.seed, one.width) == (other.prompt, other.seed, other.width)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/generate/batch", {"prompts": ["a", "b"]}),
        ("/validate/dataset", {"dataset_dir": "/data/generated/nature"}),
        (
            "/export/jsonl",
            {"dataset_dir": "/data/generated/nature", "output_file": "/data/exports/n"},
        ),
        ("/export/s3", {"dataset_dir": "/data/generated/nature", "bucket_name": "bucket-1"}),
        ("/profiles", {"name": "new", "source_dir": "/data/generated/nature"}),
    ],
)
def test_every_call_that_can_be_a_job_takes_one(
    client: TestClient, fakes: FakeServices, receiver: Receiver, route: str, body: dict[str, Any]
) -> None:
    fakes.files.contents["generated/nature/a.png"] = PNG
    job = submitted(client, route, {**body, "webhook": {"url": receiver.url()}})
    assert [each["event"] for each in delivered(client, job)] == ["job.succeeded"]


def test_events_that_were_asked_for_come_in_their_order(
    client: TestClient, fakes: FakeServices, receiver: Receiver
) -> None:
    fakes.generation.failures.append(GenerationFailed("went wrong"))
    body = hooked(receiver, "job.started", "job.failed", "job.started")
    found = delivered(client, submitted(client, body=body), 2)
    assert [each["event"] for each in found] == ["job.started", "job.failed"]
    told = {json.loads(each.body)["type"]: json.loads(each.body)["data"] for each in receiver.heard}
    assert told["job.failed"]["error"]["message"] == "went wrong"


def test_a_canceled_job_is_told(
    client: TestClient, fakes: FakeServices, receiver: Receiver
) -> None:
    fakes.generation.held = True
    job = submitted(client, body=hooked(receiver))
    client.delete(f"{API}/jobs/{job['id']}")
    assert [each["event"] for each in delivered(client, job)] == ["job.canceled"]


def test_a_receiver_that_fails_is_tried_again(client: TestClient, receiver: Receiver) -> None:
    receiver.statuses = [500, 302]
    (delivery,) = delivered(client, submitted(client, body=hooked(receiver)))
    assert [each["status"] for each in delivery["attempts"]] == [500, 302, 204]
    assert delivery["state"] == "delivered"
    assert {heard.headers["webhook-id"] for heard in receiver.heard} == {delivery["id"]}


def test_it_is_given_up_in_the_end(client: TestClient, receiver: Receiver) -> None:
    receiver.statuses = [500] * 10
    (delivery,) = delivered(client, submitted(client, body=hooked(receiver)))
    assert (delivery["state"], len(delivery["attempts"])) == ("failed", 4)


def test_a_receiver_that_wants_no_more_is_left_alone(
    client: TestClient, receiver: Receiver
) -> None:
    receiver.statuses = [410]
    (delivery,) = delivered(client, submitted(client, body=hooked(receiver)))
    assert (delivery["state"], len(delivery["attempts"])) == ("failed", 1)


def test_an_event_outlives_the_service(
    fakes: FakeServices, receiver: Receiver, tmp_path: Path
) -> None:
    """The first one ends before it has told anybody; the next one does."""
    store = tmp_path / "jobs.sqlite"
    busy = api_over(fakes, config_for(receiver, poll_s=600), receiver, store)
    with TestClient(busy.app, headers=HEADERS) as client:
        job = ended(client, submitted(client, body=hooked(receiver)))
        assert job["deliveries"][0]["state"] == "pending"
    later = api_over(fakes, config_for(receiver), receiver, store)
    with TestClient(later.app, headers=HEADERS) as client:
        (delivery,) = delivered(client, job)
    assert delivery["state"] == "delivered"
    assert len(fakes.generation.started) == 1


@pytest.mark.parametrize(
    ("allowed", "keys", "why"),
    [
        ("other.example.com", [KEY, OTHER_KEY], "allow the host"),
        (None, [OTHER_KEY], "no longer valid"),
    ],
)
def test_what_is_not_allowed_any_more_is_not_told(
    fakes: FakeServices,
    receiver: Receiver,
    tmp_path: Path,
    allowed: str | None,
    keys: list[str],
    why: str,
) -> None:
    store, later = tmp_path / "jobs.sqlite", config_for(receiver, poll_s=600)
    accepting = TestClient(api_over(fakes, later, receiver, store).app, headers=HEADERS)
    accepting.post(f"{API}/generate", json=hooked(receiver), headers=ASYNC)  # nothing runs it
    (job,) = accepting.get(f"{API}/jobs").json()["jobs"]
    now = config_for(receiver, allowed_hosts=(allowed or receiver.allowed,))
    app = api_over(fakes, now, receiver, store, *keys).app
    with TestClient(app, headers={"X-API-Key": OTHER_KEY}) as client:
        (delivery,) = delivered(client, job)
    assert delivery["state"] == "failed"
    assert why in delivery["attempts"][0]["error"]
    assert receiver.heard == []


def test_each_key_has_a_secret_of_its_own(client: TestClient) -> None:
    own = client.get(f"{API}/webhooks/secret")
    other = client.get(f"{API}/webhooks/secret", headers={"X-API-Key": OTHER_KEY})
    assert own.json()["secret"] != other.json()["secret"]
    assert "no-store" in own.headers["Cache-Control"]

"""Webhooks that a request may not have."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from engines.errors import InvalidParameters
from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, KEY, build_api
from tests.serve_app.durable.playing import API, ASYNC, SMALL, submitted
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.webhooks.hooking import delivered, hooked
from tests.serve_app.webhooks.receiver import Receiver


@pytest.mark.parametrize(
    ("webhook", "parameter"),
    [
        ({"url": "http://hooks.example.com/x"}, "webhook.url"),
        ({"url": "https://evil.com/x"}, "webhook.url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "webhook.url"),
        ({"url": "https://hooks.example.com/x", "events": ["job.succeeded"]}, "webhook.url"),
        ({"url": "https://evil.com", "events": []}, "webhook.events"),
        ({"url": "https://evil.com", "events": ["progress"]}, "webhook.events[0]"),
        ({"url": "https://evil.com", "secret": "x"}, "webhook.secret"),
        ({"events": ["job.failed"]}, "webhook.url"),
        ({"url": 5}, "webhook.url"),
        ("https://hooks.example.com/x", "webhook"),
        ([], "webhook"),
        (False, "webhook"),
    ],
)
def test_a_wrong_webhook_is_refused_and_is_no_job(
    client: TestClient, webhook: object, parameter: str
) -> None:
    answer = client.post(f"{API}/generate", json={**SMALL, "webhook": webhook}, headers=ASYNC)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == parameter
    assert client.get(f"{API}/jobs").json() == {"jobs": []}


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}, {"Prefer": "wait=5"}])
def test_a_request_that_waits_takes_no_webhook(
    client: TestClient, fakes: FakeServices, receiver: Receiver, headers: dict[str, str]
) -> None:
    answer = client.post(f"{API}/generate", json=hooked(receiver), headers=headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["details"]["parameter"] == "webhook"
    assert "Prefer: respond-async" in error["message"]
    assert fakes.generation.started == []
    assert client.post(f"{API}/generate", json={**SMALL, "webhook": None}).status_code == 200


def test_a_name_hidden_by_escapes_is_seen_too(client: TestClient, receiver: Receiver) -> None:
    text = json.dumps(hooked(receiver)).replace('"webhook"', '"\\u0077ebhook"')
    assert client.post(f"{API}/generate", content=text).status_code == 400
    job = client.post(f"{API}/generate", content=text, headers=ASYNC).json()
    delivered(client, job)


def test_another_webhook_under_a_key_is_another_request(
    client: TestClient, receiver: Receiver
) -> None:
    key = {"Idempotency-Key": "k"}
    job = submitted(client, body=hooked(receiver), **key)
    assert submitted(client, body=hooked(receiver), **key)["id"] == job["id"]
    delivered(client, job)
    without = client.post(f"{API}/generate", json=SMALL, headers={**ASYNC, **key})
    assert without.status_code == 409
    assert len(receiver.heard) == 1


def test_a_socket_takes_no_webhook(client: TestClient, receiver: Receiver) -> None:
    with client.websocket_connect(f"{API}/ws/generation?api_key={KEY}") as socket:
        socket.send_json({"type": "generate", **hooked(receiver)})
        heard = socket.receive_json()
    assert heard["type"] == "error"
    assert heard["error"]["details"]["parameter"] == "webhook"


def test_webhooks_are_off_by_default(fakes: FakeServices, receiver: Receiver) -> None:
    with TestClient(build_api(fakes, ApiConfig()).app, headers=HEADERS) as client:
        answer = client.post(f"{API}/generate", json=hooked(receiver), headers=ASYNC)
        assert answer.status_code == 400
        assert "allows no hosts for webhooks" in answer.json()["error"]["message"]
        assert client.get(f"{API}/webhooks/secret").status_code == 404


def test_hosts_without_a_secret_are_refused_at_the_start(
    fakes: FakeServices, config: ApiConfig
) -> None:
    with pytest.raises(InvalidParameters, match="INFERLOOP_WEBHOOK_SECRET"):
        build_api(fakes, config)

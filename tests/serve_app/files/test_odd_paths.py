"""No spelling of a path reaches a handler without its budget."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from serve_app.config import ApiConfig, RateLimits
from tests.serve_app.api import HEADERS, KEY, Api, build_api
from tests.serve_app.asgi import Exchange
from tests.serve_app.fake_services import FakeServices

GENERATE = {"prompt": "x", "num_inference_steps": 1}
CONTROL = [*range(0x00, 0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029]


@pytest.fixture
def spent() -> Api:
    """One generation was allowed, and made."""
    api = build_api(FakeServices(), ApiConfig(rates=RateLimits(generate="1/minute")))
    answer = TestClient(api.app, headers=HEADERS).post("/api/v1/generate", json=GENERATE)
    assert answer.status_code == 200
    return api


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/generate", 429),
        ("/api/v1/%67enerate", 429),
        ("/api/v1/g%65n%65rat%65", 429),
        ("/api/v1/%67%65%6E%65%72%61%74%65", 429),
        ("/%61pi/v1/generate", 429),
        ("/api/v1/generate?", 429),
        ("/api/v1/generate?x=%0A", 429),
        ("/api/v1/generate%0A", 400),
        ("/api/v1/generate%0a", 400),
        ("/api/v1/generate%0D", 400),
        ("/api/v1/generate%0D%0A", 400),
        ("/api/v1/generate%00", 400),
        ("/api/v1/generate%09", 400),
        ("/api/v1/generate%0B", 400),
        ("/api/v1/generate%0C", 400),
        ("/api/v1/generate%1C", 400),
        ("/api/v1/generate%7F", 400),
        ("/api/v1/generate%C2%85", 400),
        ("/api/v1/generate%E2%80%A8", 400),
        ("/api/v1%0A/generate", 400),
        ("/%0Aapi/v1/generate", 400),
        ("/api/v1/generate/batch%0A", 400),
        ("/api/v1/generate/", 404),
        ("/api/v1//generate", 404),
        ("//api/v1/generate", 404),
        ("/api/v1/generate//", 404),
        ("/api/v1/./generate", 404),
        ("/api/v1/%2e/generate", 404),
        ("/api/v1/x/%2E%2E/generate", 404),
        ("/api/v1/generate%20", 404),
        ("/api/v1/generate%2F", 404),
        ("/api/v1/generate;x=1", 404),
        ("/api/v1/generate%3Fx", 404),
        ("/api/v1/generate%250A", 404),
        ("/API/v1/generate", 404),
        ("/api/v1/Generate", 404),
        ("/api/v1/GENERATE", 404),
        ("/api/v1/ｇenerate", 404),
        ("/api/v1/generate%E2%80%8B", 404),
    ],
)
async def test_a_spent_budget_stops_every_spelling(spent: Api, path: str, status: int) -> None:
    """Sent as uvicorn hands it over, decoded once: HTTP clients would tidy the path first."""
    exchange = Exchange("POST", unquote(path.partition("?")[0]), json.dumps(GENERATE).encode())
    await spent.app(exchange.scope, exchange.receive, exchange.send)
    assert exchange.status == status
    assert set(json.loads(exchange.sent[1]["body"])) == {"error"}
    assert len(spent.fakes.generation.started) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/healthz", "/api/v1/datasets", "/api/v1/none", "", "/docs"])
@pytest.mark.parametrize("end", ["%0A", "%00", "%C2%80/x"])
def test_control_characters_are_refused_on_every_path_by_every_method(
    client: TestClient, method: str, path: str, end: str
) -> None:
    answer = client.request(method, f"{path}/{end}")
    assert answer.status_code == 400
    assert method == "HEAD" or answer.json()["error"]["code"] == "INVALID_PARAMETERS"


@pytest.mark.parametrize("code", CONTROL, ids=hex)
async def test_each_control_character_is_refused(api: Api, code: int) -> None:
    exchange = Exchange("DELETE", f"/api/v1/datasets/a{chr(code)}b", b"")
    await api.app(exchange.scope, exchange.receive, exchange.send)
    assert exchange.status == 400


@pytest.mark.parametrize("text", ["é", "日本", "%20", "a b", "\u00a0", "🙂", "\u200d"])
def test_other_characters_are_judged_by_the_route(client: TestClient, text: str) -> None:
    answer = client.get(f"/api/v1/datasets/{text}")
    assert answer.json()["error"]["details"]["parameter"] == "name"


def test_a_stranger_is_refused_alike(api: Api) -> None:
    answer = TestClient(api.app).post("/api/v1/generate%0A", json=GENERATE)
    assert answer.status_code == 400


@pytest.mark.parametrize("end", ["%0A", "%00", "%0D%0A"])
def test_a_socket_with_a_control_character_in_its_path_is_denied(
    client: TestClient, end: str
) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(f"/api/v1/ws/generation{end}?api_key={KEY}"),
    ):
        pass

"""Keys are known by their hashes, and no stranger gets further than the door."""

from __future__ import annotations

import logging

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from engines.errors import InvalidParameters
from serve_app.access.api_keys import ApiKeys
from serve_app.access.hashing import key_hash
from tests.serve_app.api import KEY, OTHER_KEY, Api
from tests.serve_app.fake_services import FakeServices

PROTECTED = [
    ("POST", "/api/v1/generate"),
    ("POST", "/api/v1/validate/quality"),
    ("GET", "/api/v1/profiles"),
    ("GET", "/api/v1/images"),
    ("POST", "/api/v1/images"),
    ("DELETE", "/api/v1/datasets/x"),
    ("GET", "/no/such/route"),
]


def test_a_known_key_is_identified_by_its_hash() -> None:
    keys = ApiKeys(["a", "b"])
    caller = keys.identify("b")
    assert caller is not None
    assert caller.key_hash == key_hash("b")
    assert keys.identify("c") is None
    assert keys.identify(None) is None
    assert keys.identify("") is None
    assert keys.identify("b" * 10_000) is None
    assert keys.identify("\udc80") is None


def test_there_is_no_open_mode() -> None:
    with pytest.raises(InvalidParameters):
        ApiKeys([])
    with pytest.raises(InvalidParameters):
        ApiKeys(["", "  "])


def test_the_same_key_twice_is_one_key() -> None:
    assert len(ApiKeys(["a", "a"])) == 1


def test_nothing_prints_a_key() -> None:
    keys = ApiKeys(["very-secret"])
    assert "very-secret" not in repr(keys) + str(vars(keys))


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}])
def test_strangers_get_401(api: Api, method: str, path: str, headers: dict[str, str]) -> None:
    response = TestClient(api.app).request(method, path, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "UNAUTHORIZED"
    assert "X-Request-Id" in response.headers
    assert "X-RateLimit-Limit" not in response.headers


def test_no_key_and_no_json_is_401_not_400(api: Api) -> None:
    response = TestClient(api.app).post("/api/v1/generate", content=b"{not json")
    assert response.status_code == 401


def test_no_key_and_too_large_is_401_not_413(api: Api) -> None:
    response = TestClient(api.app).post("/api/v1/generate", content=b"x" * 2_000_000)
    assert response.status_code == 401


def test_rest_takes_the_key_from_the_header_only(api: Api) -> None:
    response = TestClient(api.app).get(f"/api/v1/profiles?api_key={KEY}")
    assert response.status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs"])
def test_public_paths_need_no_key(api: Api, path: str) -> None:
    assert TestClient(api.app).get(path).status_code == 200


@pytest.mark.parametrize("query", ["", "?api_key=", "?api_key=wrong", "?api_key=%00"])
def test_a_socket_with_a_wrong_key_is_denied(api: Api, query: str) -> None:
    client = TestClient(api.app)
    with (
        pytest.raises(WebSocketDisconnect) as denied,
        client.websocket_connect(f"/api/v1/ws/generation{query}"),
    ):
        pass
    assert denied.value.code == 1008


def test_a_socket_takes_the_key_from_the_header_too(api: Api) -> None:
    headers = {"X-API-Key": OTHER_KEY}
    with TestClient(api.app).websocket_connect("/api/v1/ws/generation", headers=headers) as socket:
        socket.send_text("?")
        assert socket.receive_json()["type"] == "error"


def test_keys_never_reach_a_log(
    api: Api, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="serve_app")
    client.post("/api/v1/generate", json={"prompt": "x", "num_inference_steps": 1})
    TestClient(api.app).get("/api/v1/profiles", headers={"X-API-Key": "a-wrong-secret"})
    with client.websocket_connect(f"/api/v1/ws/generation?api_key={KEY}") as socket:
        socket.send_text("?")
        socket.receive_json()
    assert len(caplog.records) >= 3
    assert key_hash(KEY)[:12] in caplog.text
    assert key_hash(KEY) not in caplog.text
    assert KEY not in caplog.text
    assert "a-wrong-secret" not in caplog.text


def test_keys_are_identities_not_walls(api: Api, fakes: FakeServices) -> None:
    client = TestClient(api.app)
    made = client.post(
        "/api/v1/generate",
        json={"prompt": "x", "num_inference_steps": 1},
        headers={"X-API-Key": KEY},
    ).json()
    seen = client.get(
        "/api/v1/images", params={"path": made["image_path"]}, headers={"X-API-Key": OTHER_KEY}
    )
    assert seen.status_code == 200

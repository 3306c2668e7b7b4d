"""What a request says twice: the last value would win, and nobody would know of the first."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.serve_app.api import SOCKET

V1 = "/api/v1"
JSON = {"Content-Type": "application/json"}
PICTURES = "/data/generated/nature_set"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ('{"prompt": "a fox", "prompt": "a cat"}', "prompt"),
        ('{"prompt": "a", "seed": 1, "seed": 1}', "seed"),
        ('{"prompt": "a", "labels": {"animal": "fox", "animal": "cat"}}', "animal"),
        ('{"prompt": "a", "s\\u0065ed": 1, "seed": 2}', "seed"),
    ],
    ids=["prompt", "equal", "nested", "escaped"],
)
@pytest.mark.parametrize("prefer", [{}, {"Prefer": "respond-async"}, {"Idempotency-Key": "k" * 8}])
def test_a_key_of_the_body(
    service: TestClient, body: str, key: str, prefer: dict[str, str]
) -> None:
    answer = service.post(f"{V1}/generate", content=body, headers={**JSON, **prefer})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["details"]["parameter"] == key
    assert error["message"] == f"Invalid parameter: {key} is given twice in one object"


def test_a_key_of_a_body_of_the_openai_door(service: TestClient) -> None:
    answer = service.post(
        "/v1/images/generations", content='{"prompt": "a", "prompt": "b"}', headers=JSON
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "prompt"


def test_a_key_of_a_message_of_the_socket(service: TestClient) -> None:
    with service.websocket_connect(SOCKET) as socket:
        socket.send_text('{"type": "generate", "prompt": "a", "prompt": "b"}')
        message = socket.receive_json()
    assert message["type"] == "error"
    assert message["error"]["details"]["parameter"] == "prompt"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/jobs?dataset=a&dataset=b", "dataset"),
        ("/jobs?limit=1&limit=1", "limit"),
        ("/datasets?cursor=a&cursor=b", "cursor"),
        ("/datasets/nature_set/images?sort=id&sort=id", "sort"),
        (f"/images?path={PICTURES}/a.png&path={PICTURES}/b.png", "path"),
        ("/models?limit=1&limit=2", "limit"),
    ],
)
def test_a_parameter_of_the_query(service: TestClient, path: str, name: str) -> None:
    answer = service.get(f"{V1}{path}")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["details"]["parameter"] == name
    assert "is given 2 times, and takes one value" in error["message"]


def test_a_parameter_that_is_a_list_is_given_as_often_as_it_has_values(service: TestClient) -> None:
    query = "label=animal:fox&label=animal:cat&tag=good&tag=night"
    assert service.get(f"{V1}/datasets/nature_set/images?{query}").status_code == 200


def test_two_keys_in_the_address_of_a_socket_are_none(service: TestClient) -> None:
    browser = TestClient(service.app)  # without the header of the others
    refused = pytest.raises(WebSocketDisconnect)
    with refused, browser.websocket_connect(f"{SOCKET}&api_key=another"):
        pass
    with browser.websocket_connect(f"{SOCKET}&{SOCKET.partition('?')[2]}"):
        pass  # the same one twice is one


def test_without_a_key_nothing_of_it_is_said(service: TestClient) -> None:
    answer = service.get(f"{V1}/jobs?limit=1&limit=1", headers={"X-API-Key": ""})
    assert answer.status_code == 401

"""The reference's own JSON, word for word: sent, and compared with what comes back.

`examples/*.json` are the JSON blocks of the API reference, in its order, unchanged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

EXAMPLES = Path(__file__).parent / "examples"
BASE = "/api/v1"
SOCKET = f"{BASE}/ws/generation?api_key=test-key-1"
EACH_CALL = pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/generate", "generate"),
        ("/generate/batch", "generate_batch"),
        ("/validate/quality", "validate_quality"),
        ("/validate/privacy", "validate_privacy"),
        ("/export/jsonl", "export_jsonl"),
        ("/export/s3", "export_s3"),
    ],
)
"""Path of each POST that the reference shows, and the name of its examples."""


def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@EACH_CALL
def test_each_request_gets_its_response(client: TestClient, path: str, name: str) -> None:
    answer = client.post(BASE + path, json=example(f"{name}.request"))
    assert answer.status_code == 200
    assert answer.json() == example(f"{name}.response")
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "name"), [("/profiles", "profiles"), ("/profiles/unsplash_nature", "profile")]
)
def test_each_resource_looks_as_shown(client: TestClient, path: str, name: str) -> None:
    answer = client.get(BASE + path)
    assert answer.status_code == 200
    assert answer.json() == example(f"{name}.response")


def test_the_key_order_is_the_references_too(client: TestClient) -> None:
    answer = client.post(f"{BASE}/generate", json=example("generate.request"))
    shown = (EXAMPLES / "generate.response.json").read_text(encoding="utf-8")
    assert json.dumps(answer.json(), indent=2) == shown.strip()


def test_the_error_example_word_for_word(client: TestClient) -> None:
    body = {**example("generate.request"), "width": 2048}
    answer = client.post(f"{BASE}/generate", json=body)
    assert answer.status_code == 400
    assert answer.json() == example("error.response")


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("POST", "/generate", "", 401),
        ("POST", "/generate", "wrong", 401),
        ("GET", "/profiles/none", "test-key-1", 404),
        ("GET", "/images?path=/data/generated/none.png", "test-key-1", 404),
        ("POST", "/generate", "test-key-1", 400),
    ],
)
def test_statuses_and_the_envelope(
    client: TestClient, method: str, path: str, key: str, status: int
) -> None:
    answer = client.request(method, BASE + path, headers={"X-API-Key": key})
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == set(example("error.response")["error"])


def test_the_rate_limit_headers_are_the_examples(client: TestClient) -> None:
    body = {**example("generate.request"), "num_inference_steps": 1}
    answers = [client.post(f"{BASE}/generate", json=body) for _ in range(5)]
    headers = {
        name: value for name, value in answers[-1].headers.items() if name.startswith("x-ratelimit")
    }
    assert headers == {
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "5",
        "x-ratelimit-reset": "1622568000",
    }


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/generate", 10),
        ("/generate/batch", 10),
        ("/validate/quality", 20),
        ("/validate/privacy", 20),
        ("/export/jsonl", 5),
        ("/export/s3", 5),
    ],
)
def test_the_limits_are_the_references(client: TestClient, path: str, limit: int) -> None:
    answer = client.post(BASE + path, content=b"{}")
    assert answer.headers["X-RateLimit-Limit"] == str(limit)


def test_the_socket_says_what_the_reference_says(client: TestClient) -> None:
    with client.websocket_connect(SOCKET) as socket:
        socket.send_json(example("socket_generate.request"))
        messages = [socket.receive_json() for _ in range(51)]
    assert messages[24] == example("socket_progress.response")
    assert [message["step"] for message in messages[:-1]] == list(range(1, 51))
    shown = example("socket_result.response")
    result = messages[-1]
    assert {name: result[name] for name in shown} == shown
    assert set(result) - set(shown) == {"served_model", "parameters"}


def test_left_out_fields_take_the_documented_defaults(client: TestClient) -> None:
    answer = client.post(f"{BASE}/generate", json={"prompt": "A beautiful sunset over mountains"})
    parameters = answer.json()["parameters"]
    shown = example("generate.response")["parameters"]
    for name in ("model_id", "width", "height", "num_inference_steps", "guidance_scale"):
        assert parameters[name] == shown[name]

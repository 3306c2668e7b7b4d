"""What OpenAI's own package does not send: other keys, other methods, bodies that are none."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.types import StepProgress
from serve_app.openai.streaming import Previews
from tests.serve_app.api import KEY, OTHER_KEY, Api
from tests.serve_app.fake_services import FakeServices

IMAGES = "/v1/images/generations"
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def stranger(api: Api) -> TestClient:
    return TestClient(api.app)


@pytest.mark.parametrize(
    "headers",
    [BEARER, {"Authorization": f"bearer {KEY}"}, {"X-API-Key": KEY}, {**BEARER, "X-API-Key": KEY}],
)
def test_the_same_key_in_either_header(stranger: TestClient, headers: dict[str, str]) -> None:
    assert stranger.get("/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {**BEARER, "X-API-Key": OTHER_KEY},
        {"Authorization": "Bearer wrong", "X-API-Key": KEY},
    ],
)
def test_no_key_or_two_keys_are_401(stranger: TestClient, headers: dict[str, str]) -> None:
    answer = stranger.post(IMAGES, json={"prompt": "x"}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_bearer_key_opens_nothing_else(stranger: TestClient) -> None:
    answer = stranger.get("/api/v1/datasets", headers=BEARER)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", IMAGES, b"{", 400),
        ("POST", IMAGES, b"[]", 400),
        ("POST", IMAGES, b'{"prompt": "' + b"x" * 1_100_000 + b'"}', 413),
        ("GET", IMAGES, b"", 405),
        ("POST", "/v1/images/edits", b"{}", 404),
        ("GET", "/v1/models/nobody/knows", b"", 404),
        ("GET", "/v1/%01", b"", 400),
        ("GET", "/v1", b"", 404),
    ],
)
def test_every_refusal_has_openais_shape(
    client: TestClient, method: str, path: str, content: bytes, status: int
) -> None:
    headers = {} if path == "/v1" else BEARER
    answer = client.request(method, path, content=content, headers=headers)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_a_compressed_body_is_415(client: TestClient) -> None:
    answer = client.post(IMAGES, content=b"{}", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    assert answer.json()["error"]["param"] == "Content-Encoding"


def test_nothing_of_a_bug_is_shown(api: Api, fakes: FakeServices) -> None:
    fakes.generation.fail_after_steps = 0
    fakes.generation.failures.append(RuntimeError("secret"))  # type: ignore[arg-type]
    answer = TestClient(api.app).post(IMAGES, json={"prompt": "x"}, headers=BEARER)
    assert answer.status_code == 500
    assert answer.json()["error"] == {
        "message": "Internal server error",
        "type": "server_error",
        "param": None,
        "code": "server_error",
    }


def test_errors_elsewhere_keep_the_services_own_shape(client: TestClient) -> None:
    assert client.get("/api/v1/nothing").json()["error"].keys() == {"code", "message", "details"}
    assert client.get("/v10").json()["error"].keys() == {"code", "message", "details"}


def test_a_head_of_a_refusal_has_no_body(client: TestClient) -> None:
    answer = client.head("/v1/models/nobody")
    assert (answer.status_code, answer.content) == (404, b"")


def test_null_is_as_good_as_left_out(client: TestClient) -> None:
    fields = ("model", "n", "size", "quality", "style", "stream", "seed", "response_format")
    answer = client.post(IMAGES, json={"prompt": "x", **dict.fromkeys(fields)}, headers=BEARER)
    assert len(answer.json()["data"]) == 1


def steps(total: int, with_preview: set[int]) -> list[StepProgress]:
    return [
        StepProgress(step, total, b"%d" % step if step in with_preview else None)
        for step in range(1, total + 1)
    ]


@pytest.mark.parametrize(
    ("total", "with_preview", "wanted", "shown"),
    [
        (8, set(range(1, 9)), 3, [b"2", b"4", b"6"]),
        (8, set(range(1, 9)), 0, []),
        (8, {1}, 3, [b"1"]),
        (8, {1, 5}, 2, [b"1", b"5"]),
        (8, {8}, 3, [b"8"]),
        (2, {1, 2}, 3, [b"1", b"2"]),
        (1, {1}, 3, [b"1"]),
        (8, set(), 3, []),
    ],
)
def test_previews_are_spread_over_the_steps(
    total: int, with_preview: set[int], wanted: int, shown: list[bytes]
) -> None:
    previews = Previews(wanted, total)
    found = [partial for step in steps(total, with_preview) if (partial := previews.next(step))]
    assert [partial.jpeg for partial in found] == shown
    assert [partial.index for partial in found] == list(range(len(shown)))

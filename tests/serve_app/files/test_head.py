"""`HEAD` answers as `GET` does, without the body."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from serve_app.config import ApiConfig
from serve_app.middleware.head import HeadMiddleware
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.asgi import Exchange
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeFiles


@pytest.fixture
def client() -> TestClient:
    fakes = FakeServices(files=FakeFiles({"generated/x.png": PNG}))
    return TestClient(build_api(fakes, ApiConfig(rates=Api.GENEROUS)).app, headers=HEADERS)


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/readyz",
        "/docs",
        "/openapi.json",
        "/studio",
        "/api/v1/images?path=/data/generated/x.png",
        "/api/v1/images?path=/data/generated/none.png",
        "/api/v1/images?path=/etc/passwd",
        "/api/v1/datasets",
        "/api/v1/datasets/none",
        "/api/v1/profiles",
        "/api/v1/none",
    ],
)
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    own = {"x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert set(head.headers) == set(got.headers)
    for name in set(got.headers) - own:
        assert head.headers[name] == got.headers[name]


def test_what_has_no_get_has_no_head(client: TestClient) -> None:
    answer = client.head("/api/v1/generate")
    assert (answer.status_code, answer.headers["Allow"], answer.content) == (405, "POST", b"")


def test_a_wrong_method_is_told_of_head_too(client: TestClient) -> None:
    assert client.put("/healthz").headers["Allow"] == "GET, HEAD"


def test_head_needs_the_key_and_spends_the_budget_as_get(client: TestClient) -> None:
    assert client.head("/api/v1/datasets", headers={"X-API-Key": ""}).status_code == 401
    assert client.head("/api/v1/datasets").headers["X-RateLimit-Remaining"] == "2999"


@pytest.mark.parametrize("spec_version", ["2.0", "2.4"])
async def test_a_large_file_is_not_read_for_it(spec_version: str) -> None:
    chunks = 0

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import StreamingResponse

        async def body() -> object:
            nonlocal chunks
            while True:
                chunks += 1
                yield b"x"

        await StreamingResponse(body())(scope, receive, send)  # type: ignore[arg-type]

    exchange = Exchange("HEAD", "/x", b"")
    exchange.scope["asgi"] = {"version": "3.0", "spec_version": spec_version}
    await HeadMiddleware(endless)(exchange.scope, exchange.receive, exchange.send)
    assert [message["type"] for message in exchange.sent] == [
        "http.response.start",
        "http.response.body",
    ]
    assert chunks <= 1


async def test_an_error_before_the_answer_is_not_hidden() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async def ignore(message: Message) -> None: ...

    exchange = Exchange("HEAD", "/x", b"")
    with pytest.raises(ZeroDivisionError):
        await HeadMiddleware(broken)(exchange.scope, exchange.receive, ignore)

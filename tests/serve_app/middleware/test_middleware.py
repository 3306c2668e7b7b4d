"""The order of the middleware, and what each does alone."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from engines.errors import PayloadTooLarge
from serve_app.config import BodyLimits
from serve_app.durable.entrance import EntranceMiddleware
from serve_app.ids import IdSource
from serve_app.middleware.access_log import AccessLogMiddleware
from serve_app.middleware.audit import AuditMiddleware
from serve_app.middleware.control_characters import ControlCharactersMiddleware
from serve_app.middleware.crash_barrier import CrashBarrierMiddleware
from serve_app.middleware.head import HeadMiddleware
from serve_app.middleware.headers import BrowserHeadersMiddleware, BudgetHeadersMiddleware
from serve_app.middleware.key import KeyMiddleware
from serve_app.middleware.request_id import RequestIdMiddleware
from serve_app.middleware.size_limit import SizeLimitMiddleware
from serve_app.openai.error_shape import OpenAIErrorsMiddleware
from tests.serve_app.api import HEADERS, KEY, Api
from tests.serve_app.fakes import FakeClock


def test_the_order_is_what_the_refusals_need(api: Api) -> None:
    """A request has an id before anything can refuse it; a stranger is refused before his body
    is weighed or anybody's budget is spent; a body is weighed before anything reads it."""
    classes: list[object] = [middleware.cls for middleware in api.app.user_middleware]
    assert classes == [
        RequestIdMiddleware,
        BrowserHeadersMiddleware,
        AccessLogMiddleware,
        HeadMiddleware,
        OpenAIErrorsMiddleware,
        AuditMiddleware,
        ControlCharactersMiddleware,
        KeyMiddleware,
        SizeLimitMiddleware,
        BudgetHeadersMiddleware,
        EntranceMiddleware,
        CrashBarrierMiddleware,
    ]


@pytest.mark.parametrize("given", ["abc-1.2_X", "0" * 64])
def test_a_harmless_request_id_is_kept(client: TestClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "0" * 65, "<script>"])
def test_another_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"].startswith("req_")


def test_ids_differ_between_requests(client: TestClient) -> None:
    ids = {client.get("/healthz").headers["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5


def test_one_structured_line_a_request(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="serve_app.access")
    answer = client.get("/api/v1/images?path=/data/uploads/secret.png")
    (line,) = [record.message for record in caplog.records if record.name == "serve_app.access"]
    entry = json.loads(line)
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/api/v1/images", 404)
    assert len(entry["key"]) == 12
    assert entry["route"] == "/images"
    assert entry["sent_bytes"] == len(answer.content)
    known = {"request_id", "key_name", "key", "space", "method", "route", "path", "status"}
    assert set(entry) == known | {"sent_bytes", "elapsed_ms"}


def test_a_stranger_is_logged_without_a_key(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="serve_app.access")
    TestClient(api.app).get("/api/v1/profiles", headers={"X-API-Key": "nope"})
    entry = json.loads(caplog.records[-1].message)
    assert (entry["key"], entry["status"]) == (None, 401)


def test_a_socket_is_logged_once_without_its_query(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="serve_app.access")
    with client.websocket_connect(f"/api/v1/ws/generation?api_key={KEY}"):
        pass
    entry = json.loads(caplog.records[-1].message)
    assert (entry["method"], entry["path"]) == ("WEBSOCKET", "/api/v1/ws/generation")
    assert KEY not in caplog.text


async def test_elapsed_time_is_measured_by_the_clock(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="serve_app.access")
    clock = FakeClock()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        clock.advance(0.25)

    await _call(AccessLogMiddleware(slow, clock), {"type": "http", "path": "/x"})
    assert json.loads(caplog.records[-1].message)["elapsed_ms"] == 250


async def test_a_declared_large_body_is_never_read() -> None:
    reads = 0

    async def receive() -> Message:
        nonlocal reads
        reads += 1
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def reader(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    app = SizeLimitMiddleware(reader, BodyLimits(max_json_bytes=1024))
    scope = {"type": "http", "path": "/x", "headers": [(b"content-length", b"1025")]}
    with pytest.raises(PayloadTooLarge):
        await app(scope, receive, _ignore)
    assert reads == 0


@pytest.mark.parametrize("declared", [b"-5", b"x", b"", "²".encode("latin-1")])
async def test_a_lying_content_length_does_not_help(declared: bytes) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 600, "more_body": True}

    async def reader(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            await receive()

    app = SizeLimitMiddleware(reader, BodyLimits(max_json_bytes=1024))
    scope = {"type": "http", "path": "/x", "headers": [(b"content-length", declared)]}
    with pytest.raises(PayloadTooLarge):
        await app(scope, receive, _ignore)


async def test_half_an_answer_is_broken_off_not_mended() -> None:
    sent: list[Message] = []

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(ZeroDivisionError):
        await CrashBarrierMiddleware(half)({"type": "http", "path": "/"}, _silent, send)
    assert len(sent) == 1


async def test_a_bug_in_a_socket_closes_it_with_1011() -> None:
    sent: list[Message] = []

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/"}
    await CrashBarrierMiddleware(broken)(scope, _silent, send)
    assert sent == [{"type": "websocket.close", "code": 1011}]


def test_lifespan_passes_every_middleware(api: Api) -> None:
    with TestClient(api.app, headers=HEADERS) as client:
        assert client.get("/healthz").status_code == 200


async def test_ids_come_from_the_source() -> None:
    seen: list[str] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["request_id"])

    ids = IdSource(FakeClock(0.0), lambda count: bytes(count))
    scope = {"type": "websocket", "path": "/", "headers": []}
    await _call(RequestIdMiddleware(look, ids), scope)
    assert seen == ["req_" + "0" * 26]


async def _call(app: RequestIdMiddleware | AccessLogMiddleware, scope: Scope) -> None:
    await app(scope, _silent, _ignore)


async def _silent() -> Message:
    return {"type": "http.request"}


async def _ignore(message: Message) -> None:
    return None

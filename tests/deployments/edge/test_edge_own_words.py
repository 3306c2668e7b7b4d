"""What Serve's proxy answers by itself comes in the envelope; the application's answers stay."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serve_app.middleware.headers import BrowserHeadersMiddleware
from tests.deployments.edge.edge_server import edge_server


class Proxy:
    """Answers every request with plain text, as Serve's proxy does."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("Internal Server Error", self._status)(scope, receive, send)


def asked(app: ASGIApp, path: str = "/api/v1/profiles") -> httpx.Response:
    with edge_server(app) as port:
        return httpx.get(f"http://127.0.0.1:{port}{path}")


@pytest.mark.parametrize(
    ("status", "code"), [(404, "OVERLOADED"), (500, "REPLICA_LOST"), (503, "OVERLOADED")]
)
def test_where_no_application_answers_the_client_hears_the_envelope(status: int, code: str) -> None:
    answer = asked(Proxy(status))
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]
    assert int(answer.headers["Retry-After"]) > 0
    assert "Internal" not in answer.text


async def dies(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve's proxy where the process that had the request died: it returns, and says nothing."""
    await receive()


def test_where_the_proxy_says_nothing_the_client_hears_the_envelope() -> None:
    answer = asked(dies)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "REPLICA_LOST")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("status", [404, 500, 507])
def test_what_the_application_answers_stays(status: int) -> None:
    async def say(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("its own", status)(scope, receive, send)

    answer = asked(BrowserHeadersMiddleware(say))
    assert (answer.status_code, answer.text) == (status, "its own")


@pytest.mark.parametrize(("status", "path"), [(503, "/-/healthz"), (200, "/api/v1/profiles")])
def test_serves_own_health_and_what_is_no_error_stay(status: int, path: str) -> None:
    answer = asked(Proxy(status), path)
    assert (answer.status_code, answer.text) == (status, "Internal Server Error")

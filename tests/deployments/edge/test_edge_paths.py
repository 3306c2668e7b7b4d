"""What Serve's proxy would tell a stranger by itself is closed."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from deployments.edge.middleware import EdgeMiddleware
from deployments.settings import EdgeSettings


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve's proxy: knows every path."""
    await PlainTextResponse("the route table")(scope, receive, send)


async def status_of(path: str) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        await anyio.lowlevel.checkpoint()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await EdgeMiddleware(serve, EdgeSettings())(scope, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize("path", ["/-/routes", "/-/routes/"])
async def test_a_stranger_does_not_learn_serves_routes(path: str) -> None:
    assert await status_of(path) == 404


async def test_what_is_no_path_is_no_sign_of_a_start() -> None:
    """`GET * HTTP/1.1`: Serve answers 404, as it does while no application is there."""
    assert await status_of("*") == 400


async def test_the_api_is_not_in_the_way() -> None:
    assert await status_of("/api/v1/profiles") == 200

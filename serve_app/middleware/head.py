"""`HEAD` is `GET` without the body, on every path (RFC 9110, section 9.3.2)."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _Enough(OSError):
    """Raised inside the application as a lost connection, because nobody reads the body."""


class HeadMiddleware:
    """Runs the request as GET and ends it at the first byte of the body, so that a large file is
    not read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        answered = False

        async def send_without_body(message: Message) -> None:
            nonlocal answered
            if answered:
                raise _Enough
            await send(message)
            if message["type"] == "http.response.start":
                answered = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        try:
            await self._app({**scope, "method": "GET"}, receive, send_without_body)
        except (ClientDisconnect, _Enough):
            if not answered:  # The client left.
                raise

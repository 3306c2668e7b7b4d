"""Refuse paths with control characters. No valid path has one, and routers and proxies interpret
them differently (a pattern's `$` also matches before a newline)."""

from __future__ import annotations

import unicodedata

from starlette.types import ASGIApp, Receive, Scope, Send

from engines.errors import InvalidParameters
from serve_app.errors import to_wire

_REFUSED = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of control characters, line separators and paragraph separators."""


class ControlCharactersMiddleware:
    """Checks the decoded path, which is what the router sees."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not _has_control_character(scope["path"]):
            await self._app(scope, receive, send)
            return
        refusal = to_wire(
            InvalidParameters.of(
                "path", None, "no control characters", "must not hold control characters"
            )
        )
        if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
            await refusal.response()(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": refusal.close_code})


def _has_control_character(path: str) -> bool:
    return any(unicodedata.category(character) in _REFUSED for character in path)

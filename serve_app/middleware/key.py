"""Who is asking: every path needs a key but the public ones."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from engines.errors import Unauthorized
from serve_app.auth import ApiKeys
from serve_app.errors import to_wire

HEADER = "X-API-Key"
QUERY_PARAMETER = "api_key"
"""On the WebSocket only: browsers cannot set its headers."""

PUBLIC_PATHS = frozenset({"/", "/healthz", "/readyz", "/openapi.json", "/docs", "/studio"})


class KeyMiddleware:
    def __init__(self, app: ASGIApp, keys: ApiKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in PUBLIC_PATHS:
            await self._app(scope, receive, send)
            return
        key_hash = self._keys.identify(_presented_key(scope))
        if key_hash is not None:
            scope.setdefault("state", {})["key_hash"] = key_hash
            await self._app(scope, receive, send)
            return
        refusal = to_wire(Unauthorized("Missing or invalid API key"))
        if scope["type"] == "websocket":
            # Closing before accepting is how ASGI denies a handshake: the client sees 403.
            await send({"type": "websocket.close", "code": refusal.close_code})
        else:
            await refusal.response()(scope, receive, send)


def _presented_key(scope: Scope) -> str | None:
    header = Headers(scope=scope).get(HEADER)
    if header is not None or scope["type"] != "websocket":
        return header
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return next(iter(query.get(QUERY_PARAMETER, [])), None)

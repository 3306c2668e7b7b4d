"""One structured log line per request.

It has the path without the query string, which may contain a key.
"""

from __future__ import annotations

import json
import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engines.protocols import Clock
from serve_app.access.audit import AuditNote
from serve_app.access.caller import Caller

access_log = logging.getLogger("serve_app.access")


class AccessLogMiddleware:
    """Writes one line for each request when it has ended: method, path, status, duration, size."""

    def __init__(self, app: ASGIApp, clock: Clock = time.monotonic) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started, status, sent_bytes = self._clock(), 0, 0

        async def send_and_note(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            sent_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            access_log.info(_line(scope, status, sent_bytes, self._clock() - started))


def _line(scope: Scope, status: int, sent_bytes: int, elapsed_s: float) -> str:
    state = scope.get("state", {})
    caller: Caller | None = state.get("caller")
    note: AuditNote | None = state.get("audit")
    return json.dumps(
        {
            "request_id": state.get("request_id"),
            "key_name": caller.name if caller else None,
            "key": caller.hash_prefix if caller else None,
            "space": note.space if note else None,
            "method": scope.get("method", "WEBSOCKET"),
            "route": getattr(scope.get("route"), "path", None),
            "path": scope["path"],
            "status": status,
            "sent_bytes": sent_bytes,
            "elapsed_ms": round(elapsed_s * 1000, 1),
        }
    )

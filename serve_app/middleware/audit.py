"""Writes the audit line of a request when it ends, also after an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.access.audit import DENIED, AuditLog, AuditNote, Origin, Outcome

_REFUSED = (401, 403)


class AuditMiddleware:
    """Puts an `AuditNote` into the request's state, in which the route records what it does.

    A refused key has a line of its own, so that attempts of strangers are visible too.
    """

    def __init__(self, app: ASGIApp, audit: AuditLog) -> None:
        self._app = app
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        note = AuditNote()
        state: dict[str, Any] = scope.setdefault("state", {})
        state["audit"] = note
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            elif message["type"] == "websocket.close" and not status:
                status = 403  # The connection was closed before it was accepted.
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._write(scope, note, status)

    def _write(self, scope: Scope, note: AuditNote, status: int) -> None:
        if status in _REFUSED and (note.action is not None or "caller" in scope["state"]):
            known = note.action is not None and note.action != DENIED
            note.details.setdefault("asked_for", note.action if known else scope["path"])
            note.action = DENIED
        if note.action is None:
            return
        note.add(*map(str, scope.get("path_params", {}).values()))
        self._audit.write(note, _outcome(status, note), origin_of(scope))


def origin_of(scope: Scope) -> Origin:
    """Where the request came from, as the outer middleware recorded it."""
    state: Mapping[str, Any] = scope.get("state", {})
    client = scope.get("client")
    return Origin(state.get("caller"), state.get("request_id"), client[0] if client else None)


def _outcome(status: int, note: AuditNote) -> Outcome:
    if status in _REFUSED or note.action == DENIED:
        return "denied"
    return "failure" if note.code or not 100 <= status < 400 else "success"

"""Handles unexpected exceptions: the client gets a clean 500, and the log gets the traceback."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.errors import to_wire

log = logging.getLogger(__name__)


class CrashBarrierMiddleware:
    """Answers 500 in the error envelope for every exception that no handler caught, and logs it
    with its traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] in ("http.response.start", "websocket.close")
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            if started or scope["type"] == "lifespan":
                # Part of the answer was sent: only breaking the connection shows the error.
                raise
            request_id = scope.get("state", {}).get("request_id")
            log.exception("Unexpected error, request %s", request_id)
            wire = to_wire(error)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": wire.close_code})
            else:
                await wire.response()(scope, receive, send)

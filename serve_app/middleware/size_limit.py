"""Refuses bodies above the size limit: by their declared length, or while they are read."""

from __future__ import annotations

import sys

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engines.errors import PayloadTooLarge
from serve_app.config import BodyLimits
from serve_app.paths import API_PREFIX

UPLOAD_PATH = f"{API_PREFIX}/images"
_MULTIPART_OVERHEAD_BYTES = 16_384
_MOST_DIGITS = 18
"""Most digits of `Content-Length` that are parsed; Python refuses numbers of thousands of
digits."""


class SizeLimitMiddleware:
    """Raises `PayloadTooLarge` when the route reads the body, so that the answer has the same
    headers as the route's other answers."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_bytes(scope)
        declared = _declared_bytes(scope)
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            if declared > limit:
                raise PayloadTooLarge(limit)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise PayloadTooLarge(limit)
            return message

        await self._app(scope, receive_within_limit, send)

    def _limit_bytes(self, scope: Scope) -> int:
        if scope["path"] == UPLOAD_PATH:
            return self._limits.max_upload_bytes + _MULTIPART_OVERHEAD_BYTES
        return self._limits.max_json_bytes


def _declared_bytes(scope: Scope) -> int:
    """The declared length; 0 if it is no valid number, since the bytes are counted as well."""
    declared = Headers(scope=scope).get("content-length", "")
    if not declared.isascii() or not declared.isdigit():
        return 0
    return int(declared) if len(declared) <= _MOST_DIGITS else sys.maxsize

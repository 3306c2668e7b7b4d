"""Errors in OpenAI's form: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engines.errors import Details, JsonValue

PREFIX = "/v1"
_REFUSED = 400
_SERVER_ERROR = 500
_TYPES = {401: "invalid_request_error", 403: "permission_error", 429: "requests"}
"""HTTP status to `type`. For a status that is not here, the type is "server_error" from 500 on, and
"invalid_request_error" below."""
_CODES: Mapping[str, str] = {
    "INVALID_PARAMETERS": "invalid_value",
    "UNAUTHORIZED": "invalid_api_key",
    "RATE_LIMITED": "rate_limit_exceeded",
    "INTERNAL_ERROR": "server_error",
}
"""This service's error code to OpenAI's. A code that is not here is written in lower case."""
_PARAMS: Mapping[str, str] = {
    "model_id": "model",
    "width": "size",
    "height": "size",
    "prompts": "n",
}
"""This service's field names to OpenAI's, where they differ."""


def openai_error(status: int, error: Mapping[str, JsonValue]) -> Details:
    """OpenAI's error object. `error`: the error object of this service's own answer."""
    code, details = str(error.get("code")), error.get("details")
    parameter = details.get("parameter") if isinstance(details, dict) else None
    param = openai_name(parameter) if isinstance(parameter, str) else None
    unknown_model = status in (400, 404) and param == "model"
    kind = "server_error" if status >= _SERVER_ERROR else "invalid_request_error"
    return {
        "message": str(error.get("message")),
        "type": _TYPES.get(status, kind),
        "param": param,
        "code": "model_not_found" if unknown_model else _CODES.get(code, code.lower()),
    }


def openai_name(parameter: str) -> str:
    """The name of the field in a request to OpenAI's API."""
    name = parameter.partition("[")[0]
    return "prompt" if parameter.startswith("prompts[") else _PARAMS.get(name, parameter)


class OpenAIErrorsMiddleware:
    """Translates every JSON error below `/v1`, also those that the key check or the router
    raises."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{PREFIX}/"):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Rewriting(send))


class _Rewriting:
    """A `send` that collects the whole body of an error before it sends the translated one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_error(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._send_rewritten(self._start)

    async def _send_rewritten(self, start: Message) -> None:
        error = openai_error(start["status"], json.loads(self._body)["error"])
        body = json.dumps({"error": error}).encode()
        MutableHeaders(scope=start)["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _is_error(start: Message) -> bool:
    media_type = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] >= _REFUSED and media_type.startswith("application/json")

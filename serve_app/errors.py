"""Translates errors of the domain into HTTP answers and WebSocket messages.

Nothing else does this.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from engines.errors import Details, InferloopError, InvalidParameters
from serve_app.access.audit import AuditNote
from serve_app.schemas.bounds.faults import NOT_JSON, faults_of
from serve_app.schemas.bounds.rules import rules_of


@dataclass(frozen=True, slots=True)
class WireRule:
    """How an error code is shown to clients."""

    status: int
    close_code: int
    """WebSocket close code (RFC 6455, 7.4.1, and IANA's registry) if the socket must be closed."""
    retry_after_s: float | None = None
    """`Retry-After` if the error itself has none."""


WIRE: Mapping[str, WireRule] = {
    "INVALID_PARAMETERS": WireRule(400, 1007),
    "UNAUTHORIZED": WireRule(401, 1008),
    "FORBIDDEN": WireRule(403, 1008),
    "NOT_FOUND": WireRule(404, 1008),
    "METHOD_NOT_ALLOWED": WireRule(405, 1008),
    "REQUEST_TIMEOUT": WireRule(408, 1013),
    "CONFLICT": WireRule(409, 1008),
    "PAYLOAD_TOO_LARGE": WireRule(413, 1009),
    "UNSUPPORTED_MEDIA_TYPE": WireRule(415, 1003),
    # The request was valid, but no image met its requirements.
    "REQUIREMENTS_NOT_MET": WireRule(422, 1008),
    "RATE_LIMITED": WireRule(429, 1013, retry_after_s=1),
    # nginx's status for a client that has left. It is only written to the access log.
    "CANCELED": WireRule(499, 1000),
    "INTERNAL_ERROR": WireRule(500, 1011),
    "OVERLOADED": WireRule(503, 1013, retry_after_s=1),
    "REPLICA_LOST": WireRule(503, 1013, retry_after_s=1),
    "STORAGE_UNAVAILABLE": WireRule(503, 1013, retry_after_s=5),
    "DEADLINE_EXCEEDED": WireRule(504, 1013),
    "INSUFFICIENT_STORAGE": WireRule(507, 1011),
}

_CODE_OF_STATUS = {
    400: "INVALID_PARAMETERS",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
    503: "OVERLOADED",
    504: "DEADLINE_EXCEEDED",
    507: "INSUFFICIENT_STORAGE",
}


class BatchFailed(Exception):
    """An image of a batch failed, and with it the call.

    Has the error and the paths of the images made before.
    """

    def __init__(self, error: InferloopError, completed: tuple[str, ...]) -> None:
        super().__init__(error, completed)
        self.error = error
        self.completed = completed


@dataclass(frozen=True, slots=True)
class WireError:
    """An error as the API contract describes it."""

    code: str
    message: str
    details: Details
    retry_after_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """HTTP status."""
        return WIRE[self.code].status

    @property
    def close_code(self) -> int:
        """Close code of a WebSocket."""
        return WIRE[self.code].close_code

    def as_object(self) -> Details:
        """The object under `error`, the same for REST and WebSocket."""
        return {"code": self.code, "message": self.message, "details": self.details}

    def response(self) -> Response:
        """The HTTP answer: the envelope, its headers, and `Retry-After` in whole seconds where
        known."""
        headers = dict(self.headers)
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after_s)))
        content = json.dumps({"error": self.as_object()}, allow_nan=False)
        return Response(content, self.status, headers, "application/json")


def to_wire(error: BaseException) -> WireError:
    """The error for the client. The text of other exceptions than `InferloopError` is not shown."""
    if isinstance(error, BatchFailed):
        wire = to_wire(error.error)
        details: Details = {**wire.details, "completed": list(error.completed)}
        return WireError(wire.code, wire.message, details, wire.retry_after_s)
    if isinstance(error, InferloopError) and error.code in WIRE:
        retry_after_s = error.retry_after_s
        if retry_after_s is None:
            retry_after_s = WIRE[error.code].retry_after_s
        return WireError(error.code, error.message, error.details, retry_after_s)
    return WireError("INTERNAL_ERROR", "Internal server error", {})


def _invalid(error: RequestValidationError, route: object) -> InvalidParameters:
    """Convert FastAPI's error about an invalid request to faults of the API."""
    body = route.body_field if isinstance(route, APIRoute) else None
    model = None if body is None else cast("type[BaseModel]", body.field_info.annotation)
    rules = {} if model is None else rules_of(model)
    return InvalidParameters(*faults_of(error.errors(), rules, strip=1))


def _http_to_wire(error: HTTPException, path: str, method: str) -> WireError:
    code = _CODE_OF_STATUS.get(error.status_code, "INTERNAL_ERROR")
    headers = dict(error.headers or {})
    if code == "NOT_FOUND":
        return WireError(code, f"Not found: {path}", {"resource": "route", "name": path})
    if code == "METHOD_NOT_ALLOWED":
        allowed = headers.get("Allow", "")
        if "GET" in allowed:
            allowed = headers["Allow"] = f"{allowed}, HEAD"
        message = f"Method {method} is not allowed here; allowed: {allowed}"
        return WireError(code, message, {"method": method, "allowed": allowed}, headers=headers)
    if code == "INVALID_PARAMETERS":
        words = ("a readable body", "cannot be read")
        if isinstance(error.__cause__, ValueError | RecursionError):
            words = NOT_JSON
        return to_wire(InvalidParameters.of("body", None, *words))
    return WireError(code, str(error.detail), {}, WIRE[code].retry_after_s, headers)


async def render(request: Request, error: Exception) -> Response:
    """The exception handler of the whole application. Also notes the code for the audit log."""
    wire = _wire_of(request, error)
    note: AuditNote | None = getattr(request.state, "audit", None)
    if note is not None:
        note.code = wire.code
    return wire.response()


def _wire_of(request: Request, error: Exception) -> WireError:
    if isinstance(error, RequestValidationError):
        return to_wire(_invalid(error, request.scope.get("route")))
    if isinstance(error, HTTPException) and isinstance(error.__cause__, InferloopError):
        error = error.__cause__  # FastAPI wraps exceptions that were raised while it read the body.
    if isinstance(error, HTTPException):
        return _http_to_wire(error, request.url.path, request.method)
    return to_wire(error)

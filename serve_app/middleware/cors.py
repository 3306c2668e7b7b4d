"""Cross-origin requests: only pages from origins in the config may read answers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from serve_app.errors import WireError
from serve_app.middleware.key import HEADER as KEY_HEADER
from serve_app.middleware.request_id import HEADER as ID_HEADER

_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")
_REQUEST_HEADERS = (
    KEY_HEADER,
    ID_HEADER,
    "Authorization",
    "Idempotency-Key",
    "Last-Event-ID",
    "Prefer",
    "Range",
)
_ANSWER_HEADERS = (
    ID_HEADER,
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "X-Served-Model",
    "X-Validator-Version",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Location",
)


class CorsMiddleware(CORSMiddleware):
    """Starlette's CORS middleware, with refused preflights in the error envelope."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a preflight request."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name not in ("content-length", "content-type")
        }
        message = bytes(answer.body).decode()
        return WireError("FORBIDDEN", message, {}, headers=kept).response()


def cors(origins: Sequence[str]) -> list[Middleware]:
    """The CORS middleware; none if the config lists no origin, so that browsers refuse all other
    pages."""
    if not origins:
        return []
    return [
        Middleware(
            CorsMiddleware,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_ANSWER_HEADERS,
        )
    ]

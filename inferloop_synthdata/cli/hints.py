"""What to do about an error of the service: a line after the one that says what went wrong."""

from __future__ import annotations

from collections.abc import Iterator

from inferloop_synthdata.errors import (
    ApiError,
    ClientError,
    ConnectionFailed,
    Forbidden,
    RequestTimedOut,
    Unauthorized,
)

_SERVER_ERROR = 500


def hints(error: ClientError, base_url: str) -> Iterator[str]:
    """At most one line, where there is something to say. `base_url`: of the service; what failed
    may have been another server."""
    if isinstance(error, RequestTimedOut):
        yield "the service may still be at work; --timeout-s waits longer, --async does not wait"
    elif isinstance(error, ConnectionFailed):
        if error.request_sent or base_url.rstrip("/") not in error.message:
            return
        yield "is the service running there? --base-url or INFERLOOP_BASE_URL names another address"
    elif isinstance(error, Unauthorized):
        yield "the key is that of --api-key, or of INFERLOOP_API_KEY"
    elif isinstance(error, Forbidden):
        yield "the key may not do this: ask for a scope (on the service's machine: inferloop keys)"
    elif isinstance(error, ApiError) and (error.status or 0) >= _SERVER_ERROR and error.request_id:
        yield f"request id {error.request_id}: the service's log has it"

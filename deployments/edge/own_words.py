"""Replaces what Serve's proxy answers by itself, without the application, by the API's error
envelope."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Message

from engines.errors import InferloopError, Overloaded, ReplicaLost

OF_SERVE = "/-/"
"""Below this path Serve answers for itself."""
OF_APPLICATION = b"x-content-type-options"
"""A header that every answer of the application has (`serve_app.middleware.headers`)."""
NO_APPLICATION, FIRST_ERROR = 404, 500
DIED = "The process that had the request has died"
STARTS_WITHIN_S = 5.0
"""When it may be worth asking again."""


def instead_of(path: str, start: Message) -> InferloopError | None:
    """What a client hears in place of an answer that begins so; None for the application's own.

    Serve's proxy answers 404 before the application is deployed, 503 where it takes no request, and
    500 where something in it broke; all of them in plain text. Where the process that had the
    request has died, it says nothing at all.
    """
    status = int(start["status"])
    if path.startswith(OF_SERVE) or _is_application(start.get("headers", ())):
        return None
    if status == NO_APPLICATION:
        return Overloaded("The service is starting", STARTS_WITHIN_S)
    if status < FIRST_ERROR:
        return None
    if status == FIRST_ERROR:
        return ReplicaLost(DIED)
    return Overloaded("The service takes no requests at the moment", STARTS_WITHIN_S)


def _is_application(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == OF_APPLICATION for name, _ in headers)

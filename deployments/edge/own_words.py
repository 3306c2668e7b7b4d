"""Replaces answers that Serve's proxy makes without the application by errors in the API's
format."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Message

from engines.errors import InferloopError, Overloaded, ReplicaLost

OF_SERVE = "/-/"
"""Serve itself answers paths that begin with this."""
OF_APPLICATION = b"x-content-type-options"
"""A header that every answer of the application has (`serve_app.middleware.headers`)."""
NO_APPLICATION, FIRST_ERROR = 404, 500
DIED = "The process that had the request has died"
STARTS_WITHIN_S = 5.0
"""Seconds after which a client should try again."""


def instead_of(path: str, start: Message) -> InferloopError | None:
    """The error to send instead of an answer whose first message is `start`. None if the answer is
    the application's.

    Serve's proxy answers in plain text: 404 before the application is deployed, 503 if it accepts
    no requests, and 500 after an error of its own. It sends nothing if the process with the request
    died.
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

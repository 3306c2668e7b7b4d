"""The class of every route of the API: access before the body, JSON whatever it is called, and
the errors and headers that all of them share in OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import params
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from engines.errors import UnsupportedMediaType
from serve_app.access.policy import Access
from serve_app.schemas.base import ErrorEnvelope
from serve_app.schemas.examples import ERROR

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Responses = dict[int | str, dict[str, Any]]

_ERRORS: dict[int | str, str] = {
    400: "The request is wrong: `details` names the parameter and its constraint.",
    401: "No API key, or a wrong one.",
    403: "The API key may not do this.",
    404: "Nothing there.",
    409: "Somebody else is writing it.",
    413: "The body is too large.",
    415: "The body is compressed, or of a type that is not read.",
    500: "The service failed.",
    503: "Overloaded, or a replica was lost: try again after `Retry-After` seconds.",
    504: "The deadline passed.",
}
_ENVELOPE: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}
_BUDGET_HEADERS = {
    "X-RateLimit-Limit": "Requests of a window.",
    "X-RateLimit-Remaining": "Requests left in this window.",
    "X-RateLimit-Reset": "Unix time at which the oldest request leaves the window, seconds.",
}


class ApiRoute(APIRoute):
    """Finds the one `Access` among its dependencies, grants it before anything reads the body,
    and shows in OpenAPI what follows from it."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[params.Depends] | None = None,
        responses: Responses | None = None,
        **options: Any,
    ) -> None:
        self.access = access_of(dependencies or ())
        super().__init__(
            path,
            endpoint,
            dependencies=dependencies,
            responses=_documented(self.access, responses or {}),
            **options,
        )

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if self.access is not None:
                await self.access.grant(request)
            _refuse_encoded(request)
            return await handle(request if self.body_field is None else _as_json(request))

        return guarded


def access_of(dependencies: Sequence[params.Depends]) -> Access | None:
    """What the route declares; None where it declares nothing."""
    declared = (dependency.dependency for dependency in dependencies)
    return next((access for access in declared if isinstance(access, Access)), None)


def _refuse_encoded(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "").strip()
    if encoding.lower() not in ("", "identity"):
        raise UnsupportedMediaType.of(
            "Content-Encoding", encoding[:100], "identity", "must be identity: send it uncompressed"
        )


def _as_json(request: Request) -> Request:
    """The same request, its body called JSON: clients that leave the header to their library
    (`curl -d` says "form") sent JSON all the same, or are told that it is none."""
    headers = [pair for pair in request.scope["headers"] if pair[0].lower() != b"content-type"]
    headers.append((b"content-type", b"application/json"))
    return Request({**request.scope, "headers": headers}, request.receive)


def _error(words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": _ENVELOPE}}


def _documented(access: Access | None, given: Responses) -> Responses:
    if access is None:
        return given
    errors: Responses = {status: _error(words) for status, words in _ERRORS.items()}
    errors[400]["content"] = {"application/json": {**_ENVELOPE, "example": ERROR}}
    # The one that brings the envelope into the document: a model for each would cost FastAPI a
    # validator for each.
    errors["4XX"] = {"model": ErrorEnvelope, "description": "Any other refusal."}
    if access.budget is None:
        return {**errors, **given}
    errors[429] = _error("The budget of this window is spent.")
    headers = {
        name: {"description": words, "schema": {"type": "integer"}}
        for name, words in _BUDGET_HEADERS.items()
    }
    documented: Responses = {200: {}, **errors, **given}
    return {status: {"headers": headers, **each} for status, each in documented.items()}

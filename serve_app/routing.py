"""The class of every route of the API: access before the body, JSON whatever it is called, and
the errors and headers that all of them share in OpenAPI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, ClassVar, get_origin

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from engines.errors import InvalidParameters, UnsupportedMediaType
from serve_app.access.policy import Access
from serve_app.durable.acceptance import is_kept, kept_answer
from serve_app.durable.asked import IDEMPOTENCY_KEY, KEY_PATTERN, MAX_KEY_CHARS, PREFER
from serve_app.flow.json_request import JsonRequest
from serve_app.flow.progress_stream import NDJSON
from serve_app.schemas.base import ErrorEnvelope
from serve_app.schemas.openapi.examples import ERROR
from serve_app.trim import trimmed

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
_BUDGET_HEADERS = {
    "X-RateLimit-Limit": "Requests of a window.",
    "X-RateLimit-Remaining": "Requests left in this window.",
    "X-RateLimit-Reset": "Unix time at which the oldest request leaves the window, seconds.",
}


_IDEMPOTENCY: dict[str, Any] = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "The same key with the same body is done once: its answer comes again.",
    "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": MAX_KEY_CHARS},
    "example": "5b1f7c3e-8a55-4d1c-9d3e-0c5d1c1b7f10",
}
_PREFER: dict[str, Any] = {
    "name": PREFER,
    "in": "header",
    "required": False,
    "description": "`respond-async` (RFC 7240): answer 202 with a job at once. With it, "
    "`priority=low`, `normal` or `high` (scope `admin`), and `previews` in the job's events.",
    "schema": {"type": "string"},
    "example": "respond-async",
}
_ACCEPTED: dict[str, Any] = {
    "description": "Accepted as a job (`Prefer: respond-async`).",
    "headers": {"Location": {"description": "Of the job.", "schema": {"type": "string"}}},
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobOut"}}},
}


class ApiRoute(APIRoute):
    """Finds the one `Access` among its dependencies, grants it before anything reads the body,
    and shows in OpenAPI what follows from it."""

    error_model: ClassVar[type[BaseModel]] = ErrorEnvelope
    """What errors of the route look like in OpenAPI."""
    error_example: ClassVar[dict[str, Any]] = ERROR

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
        responses = responses or {}
        self._tells_progress = NDJSON in responses.get(200, {}).get("content", {})
        if self.access is not None and "POST" in (options.get("methods") or ()):
            options["openapi_extra"] = _with_headers(options.get("openapi_extra"), self.access)
            if self.access.job is not None:
                responses = {202: _ACCEPTED, **responses}
        super().__init__(
            path,
            endpoint,
            dependencies=dependencies,
            responses=self._documented(responses),
            **options,
        )
        self._lists = frozenset(_list_parameters(self.dependant))

    def get_route_handler(self) -> Handler:
        """The route's handler behind its access check, and behind the check that the body is not
        encoded."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if self.access is not None:
                await self.access.grant(request)
            _refuse_encoded(request)
            self._refuse_repeated(request)
            if self.body_field is not None:
                request = _as_json(request)
            return await self.answered(request, handle)

        return guarded

    async def answered(self, request: Request, handle: Handler) -> Response:
        """The answer of a request that was granted: kept where it asks for that."""
        if self.access is not None and is_kept(request):
            job = self.access.job
            return await kept_answer(request, job, handle, tells_progress=self._tells_progress)
        return await handle(request)

    def _refuse_repeated(self, request: Request) -> None:
        """A parameter of the query that takes one value has one: of two, the last would win and
        nobody would know."""
        given = Counter(name for name, _ in request.query_params.multi_items())
        for name, times in given.items():
            if times > 1 and name not in self._lists:
                reason = f"is given {times} times, and takes one value"
                raise InvalidParameters.of(str(trimmed(name)), None, "given once", reason)

    def _documented(self, given: Responses) -> Responses:
        if self.access is None:
            return given
        envelope = {"schema": {"$ref": f"#/components/schemas/{self.error_model.__name__}"}}
        errors: Responses = {
            status: {"description": words, "content": {"application/json": envelope}}
            for status, words in _ERRORS.items()
        }
        example = {**envelope, "example": self.error_example}
        errors[400]["content"] = {"application/json": example}
        # The one that brings the envelope into the document: a model for each would cost FastAPI
        # a validator for each.
        errors["4XX"] = {"model": self.error_model, "description": "Any other refusal."}
        if self.access.budget is None:
            return {**errors, **given}
        words = "The budget of this window is spent."
        errors[429] = {"description": words, "content": {"application/json": envelope}}
        return _with_budget_headers({200: {}, **errors, **given})


def access_of(dependencies: Sequence[params.Depends]) -> Access | None:
    """What the route declares; None where it declares nothing."""
    declared = (dependency.dependency for dependency in dependencies)
    return next((access for access in declared if isinstance(access, Access)), None)


def _list_parameters(dependant: Dependant) -> Iterator[str]:
    """Parameters of the query that may be given several times."""
    for parameter in dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = kind.model_fields.items()
            yield from (field.alias or name for name, field in fields if _is_list(field.annotation))
        elif _is_list(kind):
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _list_parameters(inner)


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) is list


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
    return JsonRequest({**request.scope, "headers": headers}, request.receive)


def _with_headers(extra: dict[str, Any] | None, access: Access) -> dict[str, Any]:
    headers = [_IDEMPOTENCY] if access.job is None else [_IDEMPOTENCY, _PREFER]
    return {**(extra or {}), "parameters": headers}


def _with_budget_headers(documented: Responses) -> Responses:
    headers = {
        name: {"description": words, "schema": {"type": "integer"}}
        for name, words in _BUDGET_HEADERS.items()
    }
    return {
        status: {**each, "headers": {**headers, **each.get("headers", {})}}
        for status, each in documented.items()
    }

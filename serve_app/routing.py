"""The class of all API routes: it checks the access before it reads the body, reads bodies as JSON
for any media type, and adds the common errors and headers to OpenAPI."""

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
    404: "The object does not exist.",
    409: "The object exists already, or another request is changing it.",
    413: "The body is too large.",
    415: "The body is compressed, or of a type that is not read.",
    500: "The service failed.",
    503: "Overloaded, or a replica was lost: try again after `Retry-After` seconds.",
    504: "The work did not end within its deadline.",
}
_BUDGET_HEADERS = {
    "X-RateLimit-Limit": "Number of requests per window.",
    "X-RateLimit-Remaining": "Number of requests that are still allowed now.",
    "X-RateLimit-Reset": "Unix time at which the oldest request leaves the window, seconds.",
}


_IDEMPOTENCY: dict[str, Any] = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "A request with the same key and the same body is run only once; repetitions "
    "get the stored answer.",
    "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": MAX_KEY_CHARS},
    "example": "5b1f7c3e-8a55-4d1c-9d3e-0c5d1c1b7f10",
}
_PREFER: dict[str, Any] = {
    "name": PREFER,
    "in": "header",
    "required": False,
    "description": "`respond-async` (RFC 7240): run the request as a job, and answer 202 at once. "
    "In addition: `priority=low`, `normal` or `high` (needs the scope `admin`), and `previews` for "
    "previews in the job's events.",
    "schema": {"type": "string"},
    "example": "respond-async",
}
_ACCEPTED: dict[str, Any] = {
    "description": "Accepted as a job (`Prefer: respond-async`).",
    "headers": {"Location": {"description": "URL of the job.", "schema": {"type": "string"}}},
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobOut"}}},
}


class ApiRoute(APIRoute):
    """A route with one `Access` among its dependencies, which is checked before the body is read.
    Its errors and headers are added to OpenAPI."""

    error_model: ClassVar[type[BaseModel]] = ErrorEnvelope
    """The model of the route's errors in OpenAPI."""
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
        """The answer of a request whose access was granted. It is run as a job, or its answer is
        stored, if the request asks for that."""
        if self.access is not None and is_kept(request):
            job = self.access.job
            return await kept_answer(request, job, handle, tells_progress=self._tells_progress)
        return await handle(request)

    def _refuse_repeated(self, request: Request) -> None:
        """Refuse a query parameter that is given twice but takes one value, because otherwise the
        first value would be ignored silently."""
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
        # Only this response has the envelope as its model; FastAPI would build a validator for
        # each.
        errors["4XX"] = {
            "model": self.error_model,
            "description": "Any other error of the request.",
        }
        if self.access.budget is None:
            return {**errors, **given}
        words = "The rate limit of this window is used up."
        errors[429] = {"description": words, "content": {"application/json": envelope}}
        return _with_budget_headers({200: {}, **errors, **given})


def access_of(dependencies: Sequence[params.Depends]) -> Access | None:
    """The `Access` among a route's dependencies; None if there is none."""
    declared = (dependency.dependency for dependency in dependencies)
    return next((access for access in declared if isinstance(access, Access)), None)


def _list_parameters(dependant: Dependant) -> Iterator[str]:
    """Names of the query parameters that may be given several times."""
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
    """The request with the media type JSON. Some clients send JSON with another media type, such as
    `curl -d`, which says "form"."""
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

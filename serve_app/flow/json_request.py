"""A request whose body is JSON without a key that one object has twice."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import Message

from engines.types.unique_keys import DuplicateKey, read_json
from serve_app.schemas.bounds.parser import repeated


class JsonRequest(Request):
    """FastAPI reads the bodies of routes with `json`."""

    async def json(self) -> Any:
        """The body's value; `InvalidParameters` about a key that one object has twice, and what
        Starlette's own raises."""
        body = await self.body()
        try:
            return read_json(body)
        except DuplicateKey as error:
            raise repeated(error) from None


def with_body(request: Request, body: bytes) -> JsonRequest:
    """The same request, with another body to read."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return unread.pop() if unread else await request.receive()

    return JsonRequest(request.scope, receive)

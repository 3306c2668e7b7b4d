"""A request that refuses JSON bodies with a key twice in an object."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import Message

from engines.types.unique_keys import DuplicateKey, read_json
from serve_app.schemas.bounds.parser import repeated


class JsonRequest(Request):
    """A request whose `json`, which FastAPI uses to read bodies, refuses duplicate keys."""

    async def json(self) -> Any:
        """The parsed body. Raises `InvalidParameters` for a key twice in an object, and what
        Starlette's `json` raises."""
        body = await self.body()
        try:
            return read_json(body)
        except DuplicateKey as error:
            raise repeated(error) from None


def with_body(request: Request, body: bytes) -> JsonRequest:
    """The request with its body replaced."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return unread.pop() if unread else await request.receive()

    return JsonRequest(request.scope, receive)

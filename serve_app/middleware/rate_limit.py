"""Spends a request of the caller's budget, and says so on every answer of a limited route."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engines.errors import InferloopError, RateLimited
from serve_app.errors import to_wire
from serve_app.rate_limits import Bucket, RateLimiter, Verdict, bucket_of


def refusal(bucket: Bucket, verdict: Verdict) -> RateLimited:
    """The error for a hit that was not allowed; REST and WebSocket share it."""
    message = f"Rate limit exceeded: {verdict.limit} {bucket} requests in a moving window"
    return RateLimited(message, round(max(verdict.retry_after_s, 0.001), 3))


class RateLimitMiddleware:
    def __init__(self, app: ASGIApp, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bucket = bucket_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if bucket is None:
            await self._app(scope, receive, send)
            return
        try:
            verdict = await self._limiter.hit(scope["state"]["caller"].key_hash, bucket)
        except InferloopError as error:
            await to_wire(error).response()(scope, receive, send)
            return

        async def send_with_budget(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(verdict.headers())
            await send(message)

        if verdict.allowed:
            await self._app(scope, receive, send_with_budget)
        else:
            response = to_wire(refusal(bucket, verdict)).response()
            await response(scope, receive, send_with_budget)

"""Headers of all answers: for browsers and caches, and about rate limits.

https://owasp.org/www-project-secure-headers/
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.budgets.rate_limits import BudgetState
from serve_app.middleware.key import PUBLIC_PATHS

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        # An answer that is opened directly in a browser must not run any script.
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""Used unless the route sets the header itself. The pages have their own policy."""

OF_ONE_KEY = "private, no-store"
"""`Cache-Control` for all paths that need a key: no cache may give one key's answer to another."""


class BrowserHeadersMiddleware:
    """Adds the headers `DEFAULTS` to every answer, and `Cache-Control: OF_ONE_KEY` to those of
    paths that need a key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in DEFAULTS.items():
                    headers.setdefault(name, value)
                if scope["path"] not in PUBLIC_PATHS:
                    headers["Cache-Control"] = OF_ONE_KEY
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BudgetHeadersMiddleware:
    """Adds `X-RateLimit-*` to every answer of a request that counts against a rate limit, also to
    errors.

    `serve_app.access.policy.Access` left the state of the budget in the request's state.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_budget(message: Message) -> None:
            budget: BudgetState | None = scope.get("state", {}).get("budget")
            if message["type"] == "http.response.start" and budget is not None:
                MutableHeaders(scope=message).update(budget.headers())
            await send(message)

        await self._app(scope, receive, send_with_budget)

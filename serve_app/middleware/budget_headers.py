"""`X-RateLimit-*` on every answer of a route that spent a budget, refusals and errors too."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.budgets.rate_limits import BudgetState


class BudgetHeadersMiddleware:
    """Adds what `serve_app.access.policy.Access` left in the request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_budget(message: Message) -> None:
            budget: BudgetState | None = scope.get("state", {}).get("budget")
            if message["type"] == "http.response.start" and budget is not None:
                MutableHeaders(scope=message).update(budget.headers())
            await send(message)

        await self._app(scope, receive, send_with_budget)

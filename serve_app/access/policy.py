"""What a route asks of its caller, declared where the route is: a scope, and maybe a budget."""

# No `from __future__ import annotations`: FastAPI reads the real annotations of `Access.__call__`.
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from starlette.requests import HTTPConnection

from serve_app.access.audit import AuditNote
from serve_app.access.binding import bound, space_of
from serve_app.access.caller import Caller, Scope
from serve_app.budgets.rate_limits import Bucket, exceeded
from serve_app.context import Context, application_of
from serve_app.durable.run import JobRun
from serve_app.middleware.key import HEADER


class _KeyScheme(APIKeyHeader):
    """Shows the key in OpenAPI. `KeyMiddleware` checks it, long before any route."""

    async def __call__(self, connection: HTTPConnection) -> None:
        return None


_KEY = _KeyScheme(name=HEADER, scheme_name="ApiKey", description="One of the service's API keys.")


@dataclass(frozen=True, slots=True)
class Access:
    """The scope that a call needs, and the budget that it spends one request of."""

    scope: Scope | None
    """None: any key; the route looks whose the thing is."""
    budget: Bucket | None = None
    audit: str | None = None
    """Action of the audit line; None for what changes nothing."""
    job: str | None = None
    """Kind of the job that the call can be (`Prefer: respond-async`); None: it can be none."""

    async def __call__(
        self, connection: HTTPConnection, _key: Annotated[None, Security(_KEY)]
    ) -> None:
        """For FastAPI, which resolves dependencies only after it has read the body."""
        await self.grant(connection)

    async def grant(self, connection: HTTPConnection) -> None:
        """Check the scope, spend the budget and narrow the context to the caller's space, once
        for each request however often it is called.

        `ApiRoute` calls it before the body is read, so that a refused client costs nothing.
        `connection.state.budget` then holds the `BudgetState`, refused or not.
        Raises `Forbidden` (nothing is spent then), `RateLimited`, or `Overloaded` where the
        limiter cannot be reached.
        """
        state = connection.state
        if getattr(state, "granted", None) == self:
            return
        caller: Caller = state.caller
        note: AuditNote = state.audit
        note.action = self.audit
        if self.scope is not None:
            caller.check_scope(self.scope)
        note.space = space_of(connection, caller)
        application: Context = await application_of(connection)
        run: JobRun | None = getattr(state, "run", None)
        if self.budget is not None and run is None:  # a job spent it when it was accepted
            own = caller.rates.get(self.budget)
            state.budget = await application.limiter.hit(caller.key_hash, self.budget, own)
            if not state.budget.allowed:
                raise exceeded(self.budget, state.budget)
        state.context = await bound(application, caller, note.space, note, run)
        state.granted = self


def requires(
    scope: Scope | None,
    budget: Bucket | None = None,
    audit: str | None = None,
    job: str | None = None,
) -> Any:
    """For a route's `dependencies`: `@router.post("/x", dependencies=[requires("write")])`.
    `audit` names what is done, noun and verb ("dataset.delete"), where that is a change."""
    return Depends(Access(scope, budget, audit, job))

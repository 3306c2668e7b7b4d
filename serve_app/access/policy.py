"""What a route requires of its caller, declared on the route: a scope, and optionally a budget."""

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
    """Describes the API key in OpenAPI. The key itself is checked earlier, by `KeyMiddleware`."""

    async def __call__(self, connection: HTTPConnection) -> None:
        return None


_KEY = _KeyScheme(name=HEADER, scheme_name="ApiKey", description="One of the service's API keys.")


@dataclass(frozen=True, slots=True)
class Access:
    """The scope that a call needs, and the budget from which it takes one request."""

    scope: Scope | None
    """None if every key is allowed; the route then checks who owns the object."""
    budget: Bucket | None = None
    audit: str | None = None
    """Action in the audit line; None if the route changes nothing."""
    job: str | None = None
    """Kind of job that the call can become (`Prefer: respond-async`); None if it cannot."""

    async def __call__(
        self, connection: HTTPConnection, _key: Annotated[None, Security(_KEY)]
    ) -> None:
        """The FastAPI dependency. FastAPI resolves it only after it has read the body."""
        await self.grant(connection)

    async def grant(self, connection: HTTPConnection) -> None:
        """Check the scope, take one request from the budget, and limit the context to the caller's
        space.

        Done once per request, however often it is called. `ApiRoute` calls it before the body is
        read, so that a refused request costs little. Afterwards `connection.state.budget` has the
        `BudgetState`, also after a refusal.

        Raises `Forbidden` (the budget is then unchanged), `RateLimited`, or `Overloaded` if the
        rate limiter cannot be reached.
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
        if self.budget is not None and run is None:  # A job paid when it was accepted.
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
    """For the `dependencies` of a route: `@router.post("/x", dependencies=[requires("write")])`.

    For a route that changes something, `audit` names the action as object and verb
    ("dataset.delete").
    """
    return Depends(Access(scope, budget, audit, job))

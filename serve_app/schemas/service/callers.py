"""API models of API keys: names, scopes and budgets, without the keys themselves."""

from __future__ import annotations

from pydantic import Field

from serve_app.access.caller import Scope
from serve_app.budgets.rate_limits import Bucket
from serve_app.schemas.base import ResponseModel, WireTime


class BudgetOut(ResponseModel):
    """The present state of one budget of a key. Reading it does not use the budget."""

    name: Bucket = Field(description="The kind of calls that use this budget.")
    rate: str = Field(description='Requests in a moving window, such as "10/minute".')
    limit: int = Field(description="Number of requests per window.")
    remaining: int = Field(description="Number of requests that are allowed now.")
    resets_at: WireTime = Field(
        description="When the oldest request leaves the window; now, if there is none in it."
    )


class KeyOut(ResponseModel):
    """One API key."""

    name: str = Field(description="Name of the key, as in the logs and the audit log.")
    scopes: list[Scope] = Field(description="The scopes of the key.")
    space: str | None = Field(description="The space of the key; null: no space.")
    max_stored_bytes: int | None = Field(
        description="Storage quota of the key, bytes; null: the service's default."
    )
    expires_at: WireTime | None = Field(description="When the key expires; null: never.")
    budgets: list[BudgetOut] = Field(description="The present state of all its budgets.")


class KeyList(ResponseModel):
    """A page of API keys."""

    callers: list[KeyOut] = Field(description="The keys, ordered by name.")
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page; only there if there is one."
    )

"""API keys on the wire: who they are and what they may do, never the keys themselves."""

from __future__ import annotations

from pydantic import Field

from serve_app.access.caller import Scope
from serve_app.budgets.rate_limits import Bucket
from serve_app.schemas.base import ResponseModel, WireTime


class BudgetOut(ResponseModel):
    """One budget of a key, as it stands. Looking at it spends nothing of it."""

    name: Bucket = Field(description="What spends it: every call of this kind.")
    rate: str = Field(description='Requests in a moving window, such as "10/minute".')
    limit: int = Field(description="Requests of one window.")
    remaining: int = Field(description="Requests left in the window that ends now.")
    resets_at: WireTime = Field(
        description="When the oldest counted request leaves the window; now, where none is counted."
    )


class KeyOut(ResponseModel):
    """One API key."""

    name: str = Field(description="Who holds it, as logs and the audit log name it.")
    scopes: list[Scope] = Field(description="What it may do.")
    space: str | None = Field(description="The one space that it sees; null: outside every space.")
    max_stored_bytes: int | None = Field(
        description="Its own storage quota, bytes; null: the service's."
    )
    expires_at: WireTime | None = Field(description="From then on it opens nothing; null: never.")
    budgets: list[BudgetOut] = Field(description="All of its budgets, as they stand.")


class KeyList(ResponseModel):
    """Keys by name."""

    callers: list[KeyOut] = Field(description="By name.")
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page; left out on the last one."
    )

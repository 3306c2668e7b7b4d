"""What the service tells of API keys."""

from __future__ import annotations

from inferloop_synthdata.answers.answer import Answer


class Budget(Answer):
    """One budget of a key, as it stands."""

    name: str
    """generate, validate, export, upload or read."""
    rate: str
    """Requests in a moving window, such as "10/minute"."""
    limit: int
    remaining: int
    resets_at: str


class ApiKey(Answer):
    """One API key; the key itself is in no answer."""

    name: str
    scopes: list[str]
    space: str | None
    max_stored_bytes: int | None
    expires_at: str | None
    budgets: list[Budget]


class KeyList(Answer):
    """Answer of `list_keys`."""

    callers: list[ApiKey]
    next_cursor: str | None

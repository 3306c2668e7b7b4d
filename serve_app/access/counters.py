"""What access control counts; the deployments publish it as metrics."""

from __future__ import annotations

from typing import Literal, Protocol


class AccessCounters(Protocol):
    """Called on the event loop: must not block or raise."""

    def wrong_key(self, outcome: Literal["refused", "throttled"]) -> None:
        """A key that nobody knows, answered with 401 or, past the limit, with 429."""

    def keys_reloaded(self, outcome: Literal["success", "failure"]) -> None:
        """The keys file changed and was read again; on failure the old keys stay."""


class NoCounters:
    """For where nobody reads metrics."""

    def wrong_key(self, outcome: Literal["refused", "throttled"]) -> None:
        """Counts nothing."""

    def keys_reloaded(self, outcome: Literal["success", "failure"]) -> None:
        """Counts nothing."""

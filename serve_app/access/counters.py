"""Counters of access control. The deployments publish them as metrics."""

from __future__ import annotations

from typing import Literal, Protocol


class AccessCounters(Protocol):
    """Called on the event loop; implementations must neither block nor raise."""

    def wrong_key(self, outcome: Literal["refused", "throttled"]) -> None:
        """An unknown key was presented. The answer was 401, or 429 above the limit."""

    def keys_reloaded(self, outcome: Literal["success", "failure"]) -> None:
        """The keys file changed and was read again.

        If reading failed, the old keys stay in force.
        """


class NoCounters:
    """Counts nothing, for services without metrics."""

    def wrong_key(self, outcome: Literal["refused", "throttled"]) -> None:
        """Counts nothing."""

    def keys_reloaded(self, outcome: Literal["success", "failure"]) -> None:
        """Counts nothing."""

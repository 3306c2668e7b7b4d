"""Counters of jobs. The deployments publish them as metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from engines.jobs.model import Priority
from engines.jobs.store import Ending

Outcome = Literal["delivered", "failed", "again"]
"""Outcome of an attempt to deliver an event; `failed`: no further attempt, `again`: to be
retried."""


class JobCounters(Protocol):
    """Called on the event loop; implementations must neither block nor raise."""

    def queued(self, counts: Mapping[Priority, int]) -> None:
        """The number of waiting jobs in the whole store, reported from time to time."""

    def running(self, count: int) -> None:
        """The number of jobs running in this replica, reported at each change."""

    def started(self, priority: Priority, waited_s: float) -> None:
        """A job was started for the first time."""

    def ended(self, kind: str, state: Ending) -> None:
        """A job ended in this replica."""

    def told(self, outcome: Outcome) -> None:
        """Outcome of an attempt to deliver a webhook: delivered, failed (given up), or to be
        retried."""


class NoJobCounters:
    """Counts nothing, for services without metrics."""

    def queued(self, counts: Mapping[Priority, int]) -> None:
        """Counts nothing."""

    def running(self, count: int) -> None:
        """Counts nothing."""

    def started(self, priority: Priority, waited_s: float) -> None:
        """Counts nothing."""

    def ended(self, kind: str, state: Ending) -> None:
        """Counts nothing."""

    def told(self, outcome: Outcome) -> None:
        """Counts nothing."""

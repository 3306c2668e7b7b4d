"""What jobs count; the deployments publish it as metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from engines.jobs.model import Priority
from engines.jobs.store import Ending

Outcome = Literal["delivered", "failed", "again"]
"""Of an attempt to deliver; `failed`: given up."""


class JobCounters(Protocol):
    """Called on the event loop: must not block or raise."""

    def queued(self, counts: Mapping[Priority, int]) -> None:
        """How many jobs wait, in the whole store; now and then."""

    def running(self, count: int) -> None:
        """How many run in this replica, whenever that changes."""

    def started(self, priority: Priority, waited_s: float) -> None:
        """A job was started for the first time."""

    def ended(self, kind: str, state: Ending) -> None:
        """A job has ended here."""

    def told(self, outcome: Outcome) -> None:
        """An attempt to deliver went so: delivered, failed (given up), or to be tried again."""


class NoJobCounters:
    """For where nobody reads metrics."""

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

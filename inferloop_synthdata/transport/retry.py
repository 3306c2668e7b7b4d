"""When a failed call is tried again, and after how long."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from inferloop_synthdata.errors import ApiError, ClientError, ConnectionFailed, RequestTimedOut

LOG = logging.getLogger("inferloop_synthdata.retries")
"""Hears of every wait before a retry, at level INFO; a record's `wait_s` is in seconds."""

_REASONS = {"RATE_LIMITED": "rate limited", "OVERLOADED": "the service is busy"}

_NOT_RUN = frozenset({"RATE_LIMITED", "OVERLOADED", "REQUEST_TIMEOUT"})
"""Codes by which the server says that it did not start the work."""

_PASSING = frozenset({502, 503, 504})
"""Statuses of a server, or of a proxy before it, that may be well again in a moment."""

_PASSING_CODES = frozenset({"REPLICA_LOST", "DEADLINE_EXCEEDED", "STORAGE_UNAVAILABLE"})
"""The same for an error inside an answer that had begun, and so has no status of its own."""

_MOST_DOUBLINGS = 30
"""More would be no number some day; the bound is met long before."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter, under the server's own `Retry-After`."""

    max_retries: int = 3
    """Attempts after the first."""
    first_backoff_s: float = 0.5
    max_backoff_s: float = 8.0
    max_retry_after_s: float = 65.0
    """The longest `Retry-After` that is waited for: the rate window and a bit."""
    random: Callable[[], float] = field(default=random.random)
    """Uniform in [0, 1); injected by tests."""

    def __post_init__(self) -> None:
        if self.max_retries < 0:
            raise ValueError(f"max_retries must not be negative: {self.max_retries}")

    def wait_before_retry(
        self, failure: ClientError, repeatable: bool, retries: int
    ) -> float | None:
        """Seconds to wait before retry number `retries` + 1; None where the failure stands."""
        wait_s = self._wait_s(failure, repeatable, retries)
        if wait_s is not None:
            code = failure.code if isinstance(failure, ApiError) else ""
            reason = _REASONS.get(code, str(failure))
            said = "%s, waiting %.1f s (retry %d of %d)"
            LOG.info(said, reason, wait_s, retries + 1, self.max_retries, extra={"wait_s": wait_s})
        return wait_s

    def _wait_s(self, failure: ClientError, repeatable: bool, retries: int) -> float | None:
        # Retries are counted, whatever they are for, so that every call ends.
        if retries >= self.max_retries:
            return None
        # A key that is wrong stays wrong; only what may pass by itself is worth a repetition.
        if not self._may_pass(failure, repeatable):
            return None
        doubled = 2 ** min(retries, _MOST_DOUBLINGS)
        backoff_s = min(self.max_backoff_s, self.first_backoff_s * doubled)
        # Half of the backoff is random, so that clients who failed together return apart.
        jittered_s = backoff_s * (0.5 + 0.5 * self.random())
        asked_s = failure.retry_after_s if isinstance(failure, ApiError) else None
        if asked_s is None:
            return jittered_s
        # Coming back before the server's time would fail again, and waiting for very long would
        # look like hanging: beyond the bound the caller hears the error, with its time.
        if asked_s > self.max_retry_after_s:
            return None
        # At the server's time or later, never earlier.
        return max(0.0, asked_s) + (jittered_s - 0.5 * backoff_s)

    @staticmethod
    def _may_pass(failure: ClientError, repeatable: bool) -> bool:
        if isinstance(failure, ConnectionFailed):
            # No connection was made, so nothing ran: safe for generation too.
            if not failure.request_sent:
                return True
            # The caller's own patience is over, and the server may still be at the work.
            if isinstance(failure, RequestTimedOut):
                return False
            # Cut in the middle: it may have run. Ask again only where a second run does no harm.
            return repeatable
        if isinstance(failure, ApiError):
            # The server says that it did not run; of a batch, some images may be made already.
            if failure.code in _NOT_RUN and not failure.details.get("completed"):
                return True
            # It may have run (a lost replica, a proxy that gave up).
            passing = failure.status in _PASSING or failure.code in _PASSING_CODES
            return repeatable and passing
        return False

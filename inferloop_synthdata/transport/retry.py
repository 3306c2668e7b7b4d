"""Decides whether a failed call is repeated, and after how many seconds."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from inferloop_synthdata.errors import ApiError, ClientError, ConnectionFailed, RequestTimedOut

LOG = logging.getLogger("inferloop_synthdata.retries")
"""Logs every retry at level INFO. `wait_s` of a record is the wait in seconds."""

_REASONS = {"RATE_LIMITED": "rate limited", "OVERLOADED": "the service is busy"}

_NOT_RUN = frozenset({"RATE_LIMITED", "OVERLOADED", "REQUEST_TIMEOUT"})
"""Codes by which the server says that it did not start the work."""

_PASSING = frozenset({502, 503, 504})
"""Statuses of errors of the server, or of a proxy, that are often temporary."""

_PASSING_CODES = frozenset({"REPLICA_LOST", "DEADLINE_EXCEEDED", "STORAGE_UNAVAILABLE"})
"""Codes of temporary errors. They are needed for an error in the middle of an answer, which has no
status of its own."""

_MOST_DOUBLINGS = 30
"""Largest exponent of the backoff, so that the power stays finite. `max_backoff_s` is reached long
before."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with random jitter. The wait is at least the server's `Retry-After`."""

    max_retries: int = 3
    """Attempts after the first."""
    first_backoff_s: float = 0.5
    max_backoff_s: float = 8.0
    max_retry_after_s: float = 65.0
    """Longest `Retry-After` that the client waits for: slightly more than a window of the rate
    limit. For a longer one, the error is raised."""
    random: Callable[[], float] = field(default=random.random)
    """Returns a random number in [0, 1). Tests pass their own."""

    def __post_init__(self) -> None:
        if self.max_retries < 0:
            raise ValueError(f"max_retries must not be negative: {self.max_retries}")

    def wait_before_retry(
        self, failure: ClientError, repeatable: bool, retries: int
    ) -> float | None:
        """Seconds to wait before retry number `retries` + 1. None if the call is not repeated.
        `repeatable`: it is safe to run the operation twice."""
        wait_s = self._wait_s(failure, repeatable, retries)
        if wait_s is not None:
            code = failure.code if isinstance(failure, ApiError) else ""
            reason = _REASONS.get(code, str(failure))
            said = "%s, waiting %.1f s (retry %d of %d)"
            LOG.info(said, reason, wait_s, retries + 1, self.max_retries, extra={"wait_s": wait_s})
        return wait_s

    def _wait_s(self, failure: ClientError, repeatable: bool, retries: int) -> float | None:
        # All retries are counted, so that every call ends.
        if retries >= self.max_retries:
            return None
        # Only errors that may be temporary are worth a retry. A wrong key stays wrong.
        if not self._may_pass(failure, repeatable):
            return None
        doubled = 2 ** min(retries, _MOST_DOUBLINGS)
        backoff_s = min(self.max_backoff_s, self.first_backoff_s * doubled)
        # Half of the backoff is random, so that clients that failed together do not retry together.
        jittered_s = backoff_s * (0.5 + 0.5 * self.random())
        asked_s = failure.retry_after_s if isinstance(failure, ApiError) else None
        if asked_s is None:
            return jittered_s
        # An earlier retry would fail again, and a very long wait would look like a hang. So above
        # the limit the error is raised; it contains the time.
        if asked_s > self.max_retry_after_s:
            return None
        # Not earlier than the server asked for.
        return max(0.0, asked_s) + (jittered_s - 0.5 * backoff_s)

    @staticmethod
    def _may_pass(failure: ClientError, repeatable: bool) -> bool:
        if isinstance(failure, ConnectionFailed):
            # No connection was made, so nothing was run. A retry is safe for generation too.
            if not failure.request_sent:
                return True
            # The caller's time limit is over, and the server may still be working.
            if isinstance(failure, RequestTimedOut):
                return False
            # The connection broke, and the operation may have run. Repeat it only if that is safe.
            return repeatable
        if isinstance(failure, ApiError):
            # The server states that it did not run. Of a batch, some images may be complete.
            if failure.code in _NOT_RUN and not failure.details.get("completed"):
                return True
            # It may have run (a lost replica, a proxy that gave up).
            passing = failure.status in _PASSING or failure.code in _PASSING_CODES
            return repeatable and passing
        return False

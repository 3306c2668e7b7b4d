"""Request budgets per API key, counted in a moving window."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol

from limits import RateLimitItem
from limits import parse as parse_rate

from engines.errors import RateLimited
from serve_app.config import RateLimits

Bucket = Literal["generate", "validate", "export", "upload", "read"]
"""The budgets. A route declares from which one it takes a request (`serve_app.access.policy`).
Routes without a budget are not limited; they read little and run nothing."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget after one request: whether the request was allowed, and what is left."""

    allowed: bool
    limit: int
    remaining: int
    """Requests left in the window, after this one."""
    reset_epoch_s: float
    """Time (seconds since 1970) at which the oldest counted request leaves the window."""
    retry_after_s: float
    """Seconds until the next request is allowed; 0 if one is allowed now."""
    window_s: int
    """Length of the moving window, seconds."""

    def headers(self) -> dict[str, str]:
        """`X-RateLimit-*`, and `Retry-After` after a refusal; in whole seconds, rounded up."""
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset_epoch_s)),
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after_s)))
        return headers


_UNITS = {1: "second", 60: "minute", 3600: "hour", 86_400: "day"}


def exceeded(bucket: Bucket, budget: BudgetState) -> RateLimited:
    """The error for a refused request, the same for REST and WebSocket."""
    window = _UNITS.get(budget.window_s) or f"{budget.window_s} seconds"
    message = f"Rate limit exceeded: {budget.limit} {bucket} requests per {window}"
    return RateLimited(message, round(max(budget.retry_after_s, 0.001), 3))


class RateLimiter(Protocol):
    """Counts the requests of all ingress replicas.

    Raises `Overloaded` if its store cannot be reached.
    """

    async def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        """Count one request if the budget allows it; a refused request is not counted.

        `own` is the key's own rate ("100/minute"), in place of the configured one.
        """

    async def look(self, key_hash: str, own: Mapping[Bucket, str]) -> Mapping[Bucket, BudgetState]:
        """The state of every budget of a key. Counts nothing. `own` has the key's own rates."""


@cache
def parsed_rate(rate: str) -> RateLimitItem:
    """A key's own rate, parsed.

    The cache grows only with the number of different rates in keys files.
    """
    return parse_rate(rate)


def rate_texts(rates: RateLimits) -> Mapping[Bucket, str]:
    """The configured rates as text, by budget."""
    return {
        "generate": rates.generate,
        "validate": rates.validate_,
        "export": rates.export,
        "upload": rates.upload,
        "read": rates.read,
    }


def parse_rates(rates: RateLimits) -> dict[Bucket, RateLimitItem]:
    """The configured rates as items of `limits`, by budget."""
    return {bucket: parse_rate(text) for bucket, text in rate_texts(rates).items()}


def rates_of_key(
    rates: Mapping[Bucket, RateLimitItem], own: Mapping[Bucket, str]
) -> dict[Bucket, RateLimitItem]:
    """The service's rates, replaced by those that the key has itself."""
    return {**rates, **{bucket: parsed_rate(text) for bucket, text in own.items()}}


_ROUNDING_S = 1e-6
"""Tolerance for rounding errors, so that a client that waits as long as told is not refused."""


class MovingWindow:
    """Exact moving windows in memory. The time is passed in as an argument. Not thread-safe.

    A request counts during `[t, t + window)`: when it is exactly one window old, the next one is
    allowed. (The memory storage of `limits` reads the system clock, so tests would have to wait for
    it.)
    """

    def __init__(
        self, rates: RateLimits, epoch_s: Callable[[], float] = time.time, max_keys: int = 100_000
    ) -> None:
        self._rates = parse_rates(rates)
        self._epoch_s = epoch_s
        self._max_windows = max_keys
        self._longest_s = 0
        self._hits: dict[tuple[str, Bucket], deque[float]] = {}

    def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        rate = self._rates[bucket] if own is None else parsed_rate(own)
        self._longest_s = max(self._longest_s, rate.get_expiry())
        now, window_s = self._epoch_s(), float(rate.get_expiry())
        hits = self._hits.setdefault((key_hash, bucket), deque())
        while hits and hits[0] + window_s <= now + _ROUNDING_S:
            hits.popleft()
        allowed = len(hits) < rate.amount
        if allowed:
            hits.append(now)
        reset = hits[0] + window_s if hits else now
        self._forget_idle(now)
        return BudgetState(
            allowed=allowed,
            limit=rate.amount,
            remaining=rate.amount - len(hits),
            reset_epoch_s=reset,
            retry_after_s=0.0 if allowed else reset - now,
            window_s=rate.get_expiry(),
        )

    def look(self, key_hash: str, own: Mapping[Bucket, str]) -> dict[Bucket, BudgetState]:
        """See `RateLimiter.look`."""
        return {
            bucket: self._state(key_hash, bucket, rate)
            for bucket, rate in rates_of_key(self._rates, own).items()
        }

    def _state(self, key_hash: str, bucket: Bucket, rate: RateLimitItem) -> BudgetState:
        now, window_s = self._epoch_s(), float(rate.get_expiry())
        counted = self._hits.get((key_hash, bucket), ())
        hits = [hit for hit in counted if hit + window_s > now + _ROUNDING_S]
        reset = hits[0] + window_s if hits else now
        left = max(0, rate.amount - len(hits))
        wait_s = 0.0 if left else reset - now
        return BudgetState(left > 0, rate.amount, left, reset, wait_s, rate.get_expiry())

    def __len__(self) -> int:
        """Number of windows stored: one for each key and budget that was used recently."""
        return len(self._hits)

    def _forget_idle(self, now: float) -> None:
        if len(self._hits) <= self._max_windows:
            return
        for window, hits in list(self._hits.items()):
            if not hits or now - hits[-1] >= self._longest_s:
                del self._hits[window]


class MemoryRateLimiter:
    """A `MovingWindow` in this process; works for one ingress replica only."""

    def __init__(self, rates: RateLimits, epoch_s: Callable[[], float] = time.time) -> None:
        self._window = MovingWindow(rates, epoch_s)

    async def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        return self._window.hit(key_hash, bucket, own)

    async def look(self, key_hash: str, own: Mapping[Bucket, str]) -> Mapping[Bucket, BudgetState]:
        return self._window.look(key_hash, own)

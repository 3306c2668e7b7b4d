"""Request budgets counted in Redis, for several ingress replicas or several clusters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from engines.errors import InvalidParameters, Overloaded
from serve_app.budgets.rate_limits import (
    Bucket,
    BudgetState,
    parse_rates,
    parsed_rate,
    rates_of_key,
)
from serve_app.config import RateLimits

ANSWER_WITHIN_S = 2.0
"""Longest wait for an answer of Redis, seconds."""
_AWAY_RETRY_S = 1.0
_SCHEMES = ("redis", "rediss", "unix")


class RedisRateLimiter:
    """The moving window of `limits`, which counts in one Lua script, so that replicas cannot race.

    `connection_pool` replaces the pool that `url` describes. A server that does not answer within
    `within_s` seconds counts as unreachable.
    """

    def __init__(
        self,
        url: str,
        rates: RateLimits,
        epoch_s: Callable[[], float] = time.time,
        connection_pool: ConnectionPool | None = None,
        within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._within_s = within_s
        options: dict[str, Any] = (
            {} if connection_pool is None else {"connection_pool": connection_pool}
        )
        try:
            if urlsplit(url).scheme not in _SCHEMES:  # `limits` would try another server.
                raise ValueError("no Redis URL")
            storage = RedisStorage(f"async+{url}", implementation="redispy", **options)
        except (ConfigurationError, ValueError):
            # The URL can contain a password, so neither it nor the cause is shown.
            shape = "redis://[user:password@]host:port/db"
            raise InvalidParameters.of("redis_url", None, shape, f"must be {shape}") from None
        self._window = MovingWindowRateLimiter(storage)
        self._rates = parse_rates(rates)
        self._epoch_s = epoch_s

    async def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        rate = self._rates[bucket] if own is None else parsed_rate(own)
        try:
            async with asyncio.timeout(self._within_s):
                allowed: bool = await self._window.hit(rate, bucket, key_hash)
                stats = await self._window.get_window_stats(rate, bucket, key_hash)
        except (RedisError, OSError) as error:  # `TimeoutError` is raised for a server that hangs.
            # Fail closed: a request that cannot be counted is refused before anything runs.
            raise Overloaded("The rate limiter is not reachable", _AWAY_RETRY_S) from error
        return BudgetState(
            allowed=allowed,
            limit=rate.amount,
            remaining=max(0, stats.remaining),
            reset_epoch_s=stats.reset_time,
            retry_after_s=0.0 if allowed else max(0.0, stats.reset_time - self._epoch_s()),
            window_s=rate.get_expiry(),
        )

    async def look(self, key_hash: str, own: Mapping[Bucket, str]) -> Mapping[Bucket, BudgetState]:
        rates, found = rates_of_key(self._rates, own), dict[Bucket, BudgetState]()
        try:
            async with asyncio.timeout(self._within_s):
                for bucket, rate in rates.items():
                    stats = await self._window.get_window_stats(rate, bucket, key_hash)
                    left, wait_s = max(0, stats.remaining), stats.reset_time - self._epoch_s()
                    found[bucket] = BudgetState(
                        allowed=left > 0,
                        limit=rate.amount,
                        remaining=left,
                        reset_epoch_s=stats.reset_time,
                        retry_after_s=0.0 if left else max(0.0, wait_s),
                        window_s=rate.get_expiry(),
                    )
        except (RedisError, OSError) as error:
            raise Overloaded("The rate limiter is not reachable", _AWAY_RETRY_S) from error
        return found

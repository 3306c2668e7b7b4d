"""Tickets kept in Redis, for several ingress replicas or several clusters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from engines.errors import InvalidParameters, Overloaded

_PREFIX = "inferloop:ticket:"
ANSWER_WITHIN_S = 2.0
_AWAY_RETRY_S = 1.0


class RedisTickets:
    """Tickets in Redis. `GETDEL` makes sure that a socket ticket is used only once; old tickets
    expire.

    `connection_pool` replaces the pool that `url` describes. A server that does not answer within
    `within_s` seconds counts as unreachable.
    """

    def __init__(
        self,
        url: str,
        connection_pool: ConnectionPool | None = None,
        within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._within_s = within_s
        try:
            pool = connection_pool or ConnectionPool.from_url(url, decode_responses=True)
        except ValueError:
            # The URL can contain a password, so neither it nor the cause is shown.
            shape = "redis://[user:password@]host:port/db"
            raise InvalidParameters.of("redis_url", None, shape, f"must be {shape}") from None
        self._redis = Redis(connection_pool=pool)

    async def put(self, ticket_hash: str, owner: str, life_s: float) -> None:
        try:
            async with asyncio.timeout(self._within_s):
                await self._redis.set(_PREFIX + ticket_hash, owner, px=int(life_s * 1000))
        except (RedisError, OSError) as error:
            raise Overloaded("The ticket store is not reachable", _AWAY_RETRY_S) from error

    async def take(self, ticket_hash: str) -> str | None:
        return await self._asked(self._redis.getdel, ticket_hash)

    async def look(self, ticket_hash: str) -> str | None:
        return await self._asked(self._redis.get, ticket_hash)

    async def _asked(
        self, command: Callable[[str], Awaitable[str | bytes | None]], ticket_hash: str
    ) -> str | None:
        try:
            async with asyncio.timeout(self._within_s):
                owner = await command(_PREFIX + ticket_hash)
        except (RedisError, OSError) as error:
            raise Overloaded("The ticket store is not reachable", _AWAY_RETRY_S) from error
        return owner.decode() if isinstance(owner, bytes) else owner

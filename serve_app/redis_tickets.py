"""Tickets kept in Redis, for several ingress replicas or several clusters."""

from __future__ import annotations

from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from engines.errors import InvalidParameters, Overloaded
from serve_app.access.tickets import TICKET_LIFE_S

_PREFIX = "inferloop:ticket:"
_AWAY_RETRY_S = 1.0


class RedisTickets:
    """`GETDEL` gives a ticket to one asker only, and Redis forgets the old ones.

    `connection_pool` replaces the one that `url` describes.
    """

    def __init__(self, url: str, connection_pool: ConnectionPool | None = None) -> None:
        try:
            pool = connection_pool or ConnectionPool.from_url(url, decode_responses=True)
        except ValueError:
            # The URL may hold a password: neither it nor the cause is shown.
            shape = "redis://[user:password@]host:port/db"
            raise InvalidParameters.of("redis_url", None, shape, f"must be {shape}") from None
        self._redis = Redis(connection_pool=pool)

    async def put(self, ticket_hash: str, owner_hash: str) -> None:
        try:
            await self._redis.set(_PREFIX + ticket_hash, owner_hash, px=int(TICKET_LIFE_S * 1000))
        except (RedisError, OSError) as error:
            raise Overloaded("The ticket store is not reachable", _AWAY_RETRY_S) from error

    async def take(self, ticket_hash: str) -> str | None:
        try:
            owner = await self._redis.getdel(_PREFIX + ticket_hash)
        except (RedisError, OSError) as error:
            raise Overloaded("The ticket store is not reachable", _AWAY_RETRY_S) from error
        return owner.decode() if isinstance(owner, bytes) else owner

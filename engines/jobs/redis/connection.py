"""The connection to Redis, with transactions that are repeated if another client changed a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionBroke
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from engines.errors import InvalidParameters, Overloaded, StorageFailed

T = TypeVar("T")

Pipeline = Any
"""A pipeline of redis-py: after `watch`, commands return at once; after `multi`, they are
queued."""

ANSWER_WITHIN_S = 5.0
"""Longest time for one command, so that a server that hangs does not block all threads."""
_RETRY_S = 0.002
_AWAY_RETRY_S = 1.0


class JobsRedis:
    """Creates the names of keys, and runs atomic steps on them."""

    def __init__(self, url: str, namespace: str, within_s: float = ANSWER_WITHIN_S) -> None:
        """`namespace` separates the jobs of services that share a server. The braces in a key put
        all keys into one slot of a Redis cluster, which transactions need. A server that has not
        answered within `within_s` seconds counts as not reachable. Raises `InvalidParameters` if
        `url` is not a Redis URL."""
        self._prefix = f"{{inferloop:jobs:{namespace}}}"
        try:
            self.client = Redis.from_url(
                url,
                decode_responses=True,
                socket_timeout=within_s,
                socket_connect_timeout=within_s,
                retry=Retry(NoBackoff(), 1, (ConnectionBroke,)),
            )
        except ValueError:
            # The URL may hold a password: neither it nor the cause is shown.
            shape = "redis://[user:password@]host:port/db"
            raise InvalidParameters.of("redis_url", None, shape, f"must be {shape}") from None

    def key(self, *parts: object) -> str:
        """The full name of a key of this service."""
        return ":".join((self._prefix, *map(str, parts)))

    def atomically(self, step: Callable[[Pipeline], T], *watched: str) -> T:
        """Run `step` as a transaction and return its result. It reads, calls `multi()` once, and
        queues its writes. If another client changes a watched key meanwhile, all of it is
        repeated."""
        client: Any = self.client  # redis-py's types do not allow a step that returns a value
        with translated():
            answer: T = client.transaction(
                step, *watched, value_from_callable=True, watch_delay=_RETRY_S
            )
        return answer

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The client. Its errors are converted to those of `engines.errors`."""
        with translated():
            yield self.client

    def close(self) -> None:
        self.client.close()


@contextmanager
def translated() -> Iterator[None]:
    """Convert redis-py's errors: to `StorageFailed` if the server refuses the command, otherwise to
    `Overloaded`."""
    try:
        yield
    except ResponseError as error:  # for example, the server is out of memory or read-only
        raise StorageFailed("The job store refuses the command") from error
    except (RedisError, OSError) as error:
        raise Overloaded("The job store is not reachable", _AWAY_RETRY_S) from error

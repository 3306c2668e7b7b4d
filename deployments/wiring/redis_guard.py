"""Whether the Redis that the ingress replicas share answers."""

from __future__ import annotations

from collections.abc import Callable

from deployments.settings import Settings
from engines.errors import InvalidParameters
from serve_app.config import ApiConfig

WITHIN_S = 2.0
_VARIABLE = "INFERLOOP_REDIS_URL"


def redis_guard(url: str, within_s: float = WITHIN_S) -> Callable[[], None]:
    """A check of the server.

    It raises redis-py's error or `OSError` if the server does not answer, also if it hangs.
    """
    from redis import Redis  # Imported here because most starts have no Redis.
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    once = Retry(NoBackoff(), 0)
    client = Redis.from_url(
        url, socket_timeout=within_s, socket_connect_timeout=within_s, retry=once
    )

    def look() -> None:
        client.ping()

    return look


def check_redis(api: ApiConfig, settings: Settings) -> None:
    """Raise `InvalidParameters` if the config needs Redis and its URL is missing or is none. The
    server is not asked."""
    if "redis" not in (api.rate_limiter, api.durable.store):
        return
    if settings.redis_url is None:
        raise InvalidParameters.of(_VARIABLE, None, "a Redis URL", "must be set")
    from redis.connection import parse_url

    try:
        parse_url(settings.redis_url)  # type: ignore[no-untyped-call]
    except ValueError:  # the URL may hold a password: neither it nor the cause is shown
        shape = "redis://[user:password@]host:port/db"
        raise InvalidParameters.of(_VARIABLE, None, shape, f"must be {shape}") from None


def redis_guards(api: ApiConfig, settings: Settings) -> dict[str, Callable[[], None]]:
    """The guard, by the name that `/readyz` shows. Empty if the service stores nothing in Redis."""
    is_used = "redis" in (api.rate_limiter, api.durable.store)
    if settings.redis_url is None or not is_used:
        return {}
    return {"redis": redis_guard(settings.redis_url)}

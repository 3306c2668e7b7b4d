"""Whether the Redis that the ingress replicas share answers."""

from __future__ import annotations

from collections.abc import Callable

from deployments.settings import Settings
from serve_app.config import ApiConfig

WITHIN_S = 2.0


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


def redis_guards(api: ApiConfig, settings: Settings) -> dict[str, Callable[[], None]]:
    """The guard, by the name that `/readyz` shows. Empty if the service stores nothing in Redis."""
    is_used = "redis" in (api.rate_limiter, api.durable.store)
    if settings.redis_url is None or not is_used:
        return {}
    return {"redis": redis_guard(settings.redis_url)}

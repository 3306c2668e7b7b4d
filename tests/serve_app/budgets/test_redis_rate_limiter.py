"""Budgets in Redis, over an in-memory Redis that runs limits' own Lua scripts."""

from __future__ import annotations

import asyncio
import socket

import pytest
from fakeredis import FakeAsyncRedisConnection, FakeServer
from redis.asyncio import ConnectionPool

from engines.errors import InvalidParameters, Overloaded
from serve_app.budgets.rate_limits import BudgetState
from serve_app.budgets.redis_rate_limiter import RedisRateLimiter
from serve_app.config import RateLimits

RATES = RateLimits(generate="5/minute", export="1/minute")


URL = "redis://127.0.0.1:6379/0"


def limiter_on(server: FakeServer) -> RedisRateLimiter:
    pool = ConnectionPool(connection_class=FakeAsyncRedisConnection, server=server)
    return RedisRateLimiter(URL, RATES, connection_pool=pool)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(server_type="redis")


async def hits(limiter: RedisRateLimiter, key: str, count: int) -> list[BudgetState]:
    return [await limiter.hit(key, "generate") for _ in range(count)]


async def test_the_budget_is_counted_down_and_then_refused(server: FakeServer) -> None:
    budgets = await hits(limiter_on(server), "k", 7)
    assert [budget.allowed for budget in budgets] == [True] * 5 + [False] * 2
    assert [budget.remaining for budget in budgets] == [4, 3, 2, 1, 0, 0, 0]
    assert {budget.limit for budget in budgets} == {5}
    assert budgets[-1].reset_epoch_s > budgets[0].reset_epoch_s - 1
    assert 0 < budgets[-1].retry_after_s <= 60
    assert budgets[0].retry_after_s == 0


async def test_looking_at_the_budgets_spends_nothing_of_them(server: FakeServer) -> None:
    limiter = limiter_on(server)
    await hits(limiter, "k", 2)
    for _ in range(3):
        found = await limiter_on(server).look("k", {"export": "7/hour"})
        assert (found["generate"].limit, found["generate"].remaining) == (5, 3)
        assert (found["export"].limit, found["export"].remaining) == (7, 7)
        assert set(found) == {"generate", "validate", "export", "upload", "read"}
    await hits(limiter, "k", 3)
    spent = (await limiter.look("k", {}))["generate"]
    assert (spent.allowed, spent.remaining) == (False, 0)
    assert 0 < spent.retry_after_s <= 60


async def test_replicas_share_the_budget(server: FakeServer) -> None:
    async def scenario() -> int:
        replicas = [limiter_on(server) for _ in range(3)]
        budgets = await asyncio.gather(
            *(replica.hit("k", "generate") for replica in replicas for _ in range(5))
        )
        return sum(budget.allowed for budget in budgets)

    assert await scenario() == 5


async def test_keys_and_buckets_are_apart(server: FakeServer) -> None:
    async def scenario() -> list[bool]:
        limiter = limiter_on(server)
        return [
            (await limiter.hit("a", "export")).allowed,
            (await limiter.hit("a", "export")).allowed,
            (await limiter.hit("b", "export")).allowed,
            (await limiter.hit("a", "generate")).allowed,
        ]

    assert await scenario() == [True, False, True, True]


async def test_without_redis_nothing_is_allowed() -> None:
    with socket.socket() as held:  # bound and not listening: it refuses, and nobody else gets it
        held.bind(("127.0.0.1", 0))
        limiter = RedisRateLimiter(f"redis://127.0.0.1:{held.getsockname()[1]}/0", RATES)
        with pytest.raises(Overloaded) as caught:
            await limiter.hit("k", "generate")
    assert caught.value.retry_after_s == 1
    assert "127.0.0.1" not in caught.value.message


@pytest.mark.parametrize("url", ["redis://:secret@host/0", "http://:secret@host:1/0", ""])
def test_a_url_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        RedisRateLimiter(url, RATES)
    assert "secret" not in str(caught.value)
    assert caught.value.faults[0].value is None

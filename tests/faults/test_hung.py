"""What hangs without dying: nobody waits for it longer than said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deployments.adapters.calling import CallPolicy, ask
from deployments.adapters.readiness import HandleReadiness, WithGuards
from deployments.app import QUICK_CHECKS
from deployments.replicas.rate_limiter import HandleRateLimiter, HandleTickets
from deployments.settings import Settings
from deployments.wiring.redis_guard import redis_guard, redis_guards
from engines.errors import Overloaded
from engines.jobs.redis.store import RedisJobStore
from serve_app.access.redis_tickets import RedisTickets
from serve_app.budgets.redis_rate_limiter import RedisRateLimiter
from serve_app.config import ApiConfig, DurableJobs, RateLimits
from tests.deployments.replicas.test_ingress_parts import Handle, Hanging, Method
from tests.valkey import valkey_server


async def test_a_call_that_hangs_ends_as_its_policy_says() -> None:
    hanging = Hanging()
    soon = CallPolicy(2, 0.02, lambda: Overloaded("does not answer", 1.0))
    for _ in range(2):
        with pytest.raises(Overloaded, match="does not answer"):
            await ask(lambda: hanging, soon)
    assert hanging.canceled


@pytest.mark.parametrize(
    "policy", [HandleRateLimiter.__dict__["hit"].policy, HandleTickets.__dict__["take"].policy]
)
def test_nobody_waits_for_a_hung_rate_limiter(policy: CallPolicy) -> None:
    assert policy.within_s is not None
    assert policy.within_s <= 2.0
    assert policy.late is not None
    assert isinstance(policy.late(), Overloaded)


async def test_a_hung_rate_limiter_is_named_by_readiness() -> None:
    handles = {"rate-limiter": Handle(ready=Method(hangs=True))}
    assert await HandleReadiness(handles, within_s=0.02).not_ready() == ["rate-limiter"]


def test_a_hung_ingress_is_replaced_within_forty_seconds() -> None:
    assert set(QUICK_CHECKS) == {"health_check_period_s", "health_check_timeout_s"}
    assert 3 * sum(QUICK_CHECKS.values()) <= 40


@contextlib.asynccontextmanager
async def server_that_never_answers() -> AsyncIterator[str]:
    """A Redis that is stopped: the kernel takes connections and bytes."""
    released = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        released.set()
        server.close()


async def test_a_hung_redis_is_an_overload() -> None:
    async with server_that_never_answers() as url:
        with pytest.raises(Overloaded):
            await RedisRateLimiter(url, RateLimits(), within_s=0.05).hit("key", "generate")
        with pytest.raises(Overloaded):
            await RedisTickets(url, within_s=0.05).put("ticket", "owner", 30.0)
        with pytest.raises(Overloaded):
            await RedisTickets(url, within_s=0.05).take("ticket")


async def test_jobs_in_a_hung_redis_are_an_overload() -> None:
    async with server_that_never_answers() as url:
        store = RedisJobStore(url, "hung", within_s=0.05)
        for ask in (store.queued, store.claim, store.purge):
            with pytest.raises(Overloaded):
                await asyncio.to_thread(ask)


async def test_readiness_names_a_hung_redis_and_does_not_wait_for_it() -> None:
    async with server_that_never_answers() as url:
        readiness = WithGuards(HandleReadiness({}), {"redis": redis_guard(url, 5.0)}, within_s=0.02)
        assert [await readiness.not_ready() for _ in range(3)] == [["redis"]] * 3


async def test_readiness_names_redis_while_it_is_away(tmp_path: Path) -> None:
    settings = Settings(redis_url="redis://127.0.0.1:1/0")
    away = redis_guards(ApiConfig(rate_limiter="redis"), settings)
    assert await WithGuards(HandleReadiness({}), away).not_ready() == ["redis"]
    with valkey_server(tmp_path) as url:
        there = {"redis": redis_guard(url)}
        assert await WithGuards(HandleReadiness({}), there).not_ready() == []


def test_a_redis_that_nothing_is_kept_in_is_not_asked() -> None:
    assert redis_guards(ApiConfig(), Settings(redis_url="redis://127.0.0.1:1/0")) == {}
    kept = ApiConfig(durable=DurableJobs(store="redis"))
    assert redis_guards(kept, Settings(redis_url=None)) == {}
    assert set(redis_guards(kept, Settings(redis_url="redis://127.0.0.1:1/0"))) == {"redis"}

"""What hangs without dying: nobody waits for it longer than said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from deployments.adapters.calling import CallPolicy, ask
from deployments.adapters.readiness import HandleReadiness
from deployments.app import QUICK_CHECKS
from deployments.replicas.rate_limiter import HandleRateLimiter, HandleTickets
from engines.errors import Overloaded
from serve_app.access.redis_tickets import RedisTickets
from serve_app.budgets.redis_rate_limiter import RedisRateLimiter
from serve_app.config import RateLimits
from tests.deployments.test_ingress_parts import Handle, Hanging, Method


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
            await RedisTickets(url, within_s=0.05).put("ticket", "owner")
        with pytest.raises(Overloaded):
            await RedisTickets(url, within_s=0.05).take("ticket")

"""Where tickets are kept: one place for all ingress replicas, bounded, closed while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fakeredis import FakeAsyncRedisConnection, FakeServer
from redis.asyncio import ConnectionPool

from deployments.replicas.rate_limiter import HandleTickets, RateLimiterReplica
from engines.errors import InvalidParameters, Overloaded
from serve_app.access.redis_tickets import RedisTickets
from serve_app.access.tickets import (
    MAX_TICKETS,
    MAX_TICKETS_OF_ONE,
    TICKET_LIFE_S,
    MemoryTickets,
    Owner,
    Tickets,
    TicketStore,
    TicketTable,
)
from serve_app.config import RateLimits
from tests.serve_app.fakes import FakeClock


class Answered:
    """What a handle's call returns, of the replica in this process."""

    def __init__(self, handle: ReplicaHandle, name: str) -> None:
        self._method = getattr(handle.replica, name)

    def remote(self, *arguments: Any) -> Any:
        return self._method(*arguments)


class ReplicaHandle:
    """A deployment's handle, as far as `call` looks at it."""

    def __init__(self, replica: RateLimiterReplica) -> None:
        self.replica = replica
        self.put_ticket = Answered(self, "put_ticket")
        self.take_ticket = Answered(self, "take_ticket")
        self.look_ticket = Answered(self, "look_ticket")


def in_memory() -> list[TicketStore]:
    return [MemoryTickets()] * 2


def in_redis() -> list[TicketStore]:
    server = FakeServer(server_type="redis")
    return [
        RedisTickets(
            "redis://127.0.0.1/0",
            ConnectionPool(connection_class=FakeAsyncRedisConnection, server=server),
        )
        for _ in range(2)
    ]


def in_an_actor() -> list[TicketStore]:
    handle: Any = ReplicaHandle(RateLimiterReplica(RateLimits()))
    return [HandleTickets(handle) for _ in range(2)]


STORES = [in_memory, in_redis, in_an_actor]


@pytest.mark.parametrize("stores", STORES)
async def test_all_ingress_replicas_take_a_ticket_once_together(
    stores: Callable[[], list[TicketStore]],
) -> None:
    here, there = (Tickets(store) for store in stores())
    ticket = await here.issue("owner")
    taken = await asyncio.gather(*(each.redeem(ticket) for each in (here, there) * 10))
    assert sorted(owner or "" for owner in taken) == [""] * 19 + ["owner"]
    assert await there.redeem("unknown") is None
    assert await there.issue("owner") != ticket


async def test_the_redis_that_is_away_is_no_open_door() -> None:
    server = FakeServer(server_type="redis")
    server.connected = False
    pool = ConnectionPool(connection_class=FakeAsyncRedisConnection, server=server)
    tickets = Tickets(RedisTickets("redis://127.0.0.1/0", pool))
    with pytest.raises(Overloaded):
        await tickets.issue("owner")
    with pytest.raises(Overloaded):
        await tickets.redeem("something")
    with pytest.raises(InvalidParameters) as caught:
        RedisTickets("secret://user:pass@host")
    assert "pass@" not in str(caught.value)


def test_a_flood_of_tickets_is_refused_and_forgotten() -> None:
    clock = FakeClock()
    table = TicketTable(clock)
    for number in range(MAX_TICKETS):
        table.put(str(number), f"owner {number % 20}")
    with pytest.raises(Overloaded):
        table.put("one more", "owner")
    clock.advance(TICKET_LIFE_S)
    table.put("one more", "owner")
    assert (table.take("0"), table.take("one more")) == (None, "owner")


def test_the_flood_of_one_key_leaves_room_for_others() -> None:
    clock = FakeClock()
    table = TicketTable(clock)
    for number in range(MAX_TICKETS_OF_ONE):
        table.put(str(number), "one", life_s=60.0 + number)
    with pytest.raises(Overloaded):
        table.put("one more", "one")
    table.put("other", "other")
    clock.advance(TICKET_LIFE_S)
    assert (table.look("other"), table.look("0")) == (None, "one")
    clock.advance(TICKET_LIFE_S)
    table.put("one more", "one")
    assert (table.look("0"), table.look("one more")) == (None, "one")


@pytest.mark.parametrize("stores", STORES)
async def test_all_ingress_replicas_go_on_with_a_download_together(
    stores: Callable[[], list[TicketStore]],
) -> None:
    here, there = (Tickets(store) for store in stores())
    ticket = await here.issue_download(Owner("owner", "acme"), "/data/exports/a", 60.0)
    for each in (here, there, there):
        assert await each.opens_download(ticket, "/data/exports/a") == Owner("owner", "acme")
    assert await there.opens_download(ticket, "/data/exports/b") is None
    assert await there.redeem(ticket) is None
    assert await there.opens_download("x" * 10_000, "/data/exports/a") is None

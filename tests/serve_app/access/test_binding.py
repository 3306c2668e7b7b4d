"""In which space a request acts, and what a ticket opens: each alone, over every store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fakeredis import FakeAsyncRedisConnection, FakeServer
from redis.asyncio import ConnectionPool
from starlette.requests import HTTPConnection

from engines.errors import Forbidden, InvalidParameters, Overloaded
from serve_app.access.binding import space_of
from serve_app.access.caller import ALL_SCOPES, Caller
from serve_app.access.redis_tickets import RedisTickets
from serve_app.access.tickets import (
    MAX_TICKET_CHARS,
    TICKET_LIFE_S,
    TICKET_OWNER,
    MemoryTickets,
    Owner,
    Tickets,
    TicketTable,
)

ADMIN = Caller("ann", "0" * 64)
TENANT = Caller("bob", "1" * 64, ALL_SCOPES, space="vision")
PLAIN = Caller("cy", "2" * 64, ALL_SCOPES - {"admin"})


def connection(
    *named: str, query: str = "", kind: str = "http", ticket: Owner | None = None
) -> HTTPConnection:
    return HTTPConnection(
        {
            "type": kind,
            "headers": [(b"x-space", name.encode()) for name in named],
            "query_string": query.encode(),
            "state": {} if ticket is None else {TICKET_OWNER: ticket},
        }
    )


@pytest.mark.parametrize(
    ("caller", "named", "space"),
    [
        (ADMIN, (), None),
        (ADMIN, ("vision",), "vision"),
        (ADMIN, ("vision", "vision"), "vision"),
        (TENANT, (), "vision"),
        (TENANT, ("vision",), "vision"),
        (PLAIN, (), None),
    ],
)
def test_a_key_acts_in_its_own_space_and_an_admin_where_it_says(
    caller: Caller, named: tuple[str, ...], space: str | None
) -> None:
    assert space_of(connection(*named), caller) == space


@pytest.mark.parametrize(
    ("caller", "named"),
    [
        (TENANT, ("other",)),
        (TENANT, ("vision", "other")),
        (TENANT, ("",)),
        (PLAIN, ("vision",)),
        (PLAIN, ("",)),
    ],
)
def test_no_other_key_names_a_space_whether_it_exists_or_not(
    caller: Caller, named: tuple[str, ...]
) -> None:
    with pytest.raises(Forbidden, match="Only a key with the scope 'admin'"):
        space_of(connection(*named), caller)


@pytest.mark.parametrize("name", ["", "Vision", "../x", "a/b", "-a", "a-", "a" * 64, "狐", "a,b"])
def test_what_is_no_name_of_a_space_is_refused_for_an_admin_too(name: str) -> None:
    with pytest.raises(InvalidParameters):
        space_of(connection(name), ADMIN)


def test_two_spaces_are_none() -> None:
    with pytest.raises(InvalidParameters):
        space_of(connection("a", "b"), ADMIN)


def test_a_socket_may_name_it_in_its_url_and_a_request_may_not() -> None:
    assert space_of(connection(query="space=vision", kind="websocket"), ADMIN) == "vision"
    assert space_of(connection(query="space=vision"), ADMIN) is None
    assert space_of(connection("a", query="space=b", kind="websocket"), ADMIN) == "a"


@pytest.mark.parametrize("space", [None, "vision"])
def test_a_ticket_acts_where_it_was_asked_for(space: str | None) -> None:
    ticket = Owner(ADMIN.key_hash, space)
    assert space_of(connection(ticket=ticket), ADMIN) == space
    with pytest.raises(Forbidden, match="another space"):
        space_of(connection("other", ticket=ticket), ADMIN)


# Tickets


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def in_redis() -> RedisTickets:
    pool = ConnectionPool(
        connection_class=FakeAsyncRedisConnection, server=FakeServer(), decode_responses=True
    )
    return RedisTickets("redis://unused", pool)


@pytest.fixture(params=[MemoryTickets, in_redis], ids=["memory", "redis"])
def tickets(request: pytest.FixtureRequest) -> Tickets:
    make: Callable[[], Any] = request.param
    return Tickets(make())


async def test_a_socket_is_opened_once(tickets: Tickets) -> None:
    ticket = await tickets.issue("ab" * 32)
    assert await tickets.redeem(ticket) == "ab" * 32
    assert await tickets.redeem(ticket) is None


async def test_a_file_is_saved_as_often_as_it_is_cut_and_no_other_is(tickets: Tickets) -> None:
    owner = Owner("ab" * 32, "vision")
    ticket = await tickets.issue_download(owner, "/data/exports/a.tar", 60.0)
    for _ in range(3):
        assert await tickets.opens_download(ticket, "/data/exports/a.tar") == owner
    for other in ("/data/exports/b.tar", "/data/exports/a.tar/", "/data/exports/A.tar", ""):
        assert await tickets.opens_download(ticket, other) is None
    assert await tickets.redeem(ticket) is None


async def test_a_sockets_ticket_saves_no_file_and_stays_good(tickets: Tickets) -> None:
    ticket = await tickets.issue("ab" * 32)
    assert await tickets.opens_download(ticket, "socket") is None
    assert await tickets.opens_download(ticket, "/data/exports/a.tar") is None
    assert await tickets.redeem(ticket) == "ab" * 32


@pytest.mark.parametrize("ticket", ["", "x", "x" * MAX_TICKET_CHARS, "x" * 10_000, "狐", "a b"])
async def test_what_was_never_issued_opens_nothing(tickets: Tickets, ticket: str) -> None:
    assert await tickets.redeem(ticket) is None
    assert await tickets.opens_download(ticket, "/data/exports/a.tar") is None


def test_a_ticket_is_good_up_to_its_last_moment_and_no_longer() -> None:
    clock = Seconds()
    table = TicketTable(clock)
    table.put("a", "ann")
    table.put("b", "ann", 2 * TICKET_LIFE_S)
    clock.now = TICKET_LIFE_S - 0.001
    assert table.look("a") == "ann"
    clock.now = TICKET_LIFE_S
    assert (table.take("a"), table.take("b")) == (None, "ann")


def test_room_comes_back_when_tickets_end_also_those_that_were_used() -> None:
    clock = Seconds()
    table = TicketTable(clock, max_tickets=3, max_of_one=2)
    table.put("a", "ann")
    table.put("b", "ann")
    assert table.take("a") == "ann"
    with pytest.raises(Overloaded):
        table.put("c", "ann")
    table.put("d", "bob")
    with pytest.raises(Overloaded) as full:
        table.put("e", "cy")
    assert full.value.retry_after_s == TICKET_LIFE_S
    clock.now = TICKET_LIFE_S
    for name in ("f", "g"):
        table.put(name, "ann")

"""S11: a browser opens its socket with a ticket: once, soon, and for the key that asked for it. It
saves an exported file with one: that file, until the ticket ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakeredis import FakeAsyncRedisConnection, FakeServer
from redis.asyncio import ConnectionPool
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from deployments.replicas.rate_limiter import HandleTickets, RateLimiterReplica
from engines.errors import InvalidParameters, Overloaded
from serve_app.access.api_keys import CHECK_INTERVAL_S, ApiKeys
from serve_app.access.hashing import key_hash
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
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, RateLimits
from tests.security.tenants import SharedService, entry
from tests.serve_app.api import HEADERS, KEY, OTHER_KEY, Api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import FakeClock

TICKET = "/api/v1/ws/ticket"
DENIED = 1008
"""Close code of a socket that is refused before it is accepted (RFC 6455, 7.4.1)."""


def ticket_of(client: TestClient, key: str = KEY) -> str:
    answer = client.post(TICKET, headers={"X-API-Key": key})
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_in_s"] == TICKET_LIFE_S
    ticket: str = answer.json()["ticket"]
    return ticket


def opens(client: TestClient, query: str) -> bool:
    """Whether a browser's socket, which has no header, is let in and answered."""
    try:
        with client.websocket_connect(f"/api/v1/ws/generation{query}") as socket:
            socket.send_text("?")
            return bool(socket.receive_json()["type"] == "error")
    except WebSocketDisconnect as denied:
        if denied.code != DENIED:
            raise
        return False


@pytest.fixture
def browser(api: Api) -> Iterator[TestClient]:
    with TestClient(api.app) as client:
        yield client


def test_a_ticket_opens_one_socket_once(browser: TestClient) -> None:
    ticket = ticket_of(browser)
    assert KEY not in ticket
    assert opens(browser, f"?ticket={ticket}")
    assert not opens(browser, f"?ticket={ticket}")
    assert opens(browser, f"?api_key={KEY}")  # the contract's own way stays


def test_a_ticket_is_good_for_half_a_minute(api: Api, browser: TestClient) -> None:
    soon, late = ticket_of(browser), ticket_of(browser)
    api.clock.advance(TICKET_LIFE_S - 0.1)
    assert opens(browser, f"?ticket={soon}")
    api.clock.advance(0.2)
    assert not opens(browser, f"?ticket={late}")


@pytest.mark.parametrize("ticket", ["", "wrong", "%00", "x" * 10_000, f"{KEY}"])
def test_what_is_no_ticket_opens_nothing(browser: TestClient, ticket: str) -> None:
    assert not opens(browser, f"?ticket={ticket}")


def test_a_wrong_key_is_not_mended_by_a_ticket(browser: TestClient) -> None:
    ticket = ticket_of(browser)
    assert not opens(browser, f"?api_key=wrong&ticket={ticket}")
    assert opens(browser, f"?ticket={ticket}")


def test_a_ticket_is_for_sockets_only_and_costs_a_key(browser: TestClient) -> None:
    ticket = ticket_of(browser)
    assert browser.post(TICKET).status_code == 401
    assert browser.post(f"{TICKET}?ticket={ticket}").status_code == 401
    assert browser.get(f"/api/v1/profiles?ticket={ticket}").status_code == 401


def test_the_socket_is_the_keys_that_asked(api: Api) -> None:
    limits = ApiConfig(rates=RateLimits(generate="1/minute"))
    clock = FakeClock()
    app = create_app(
        FakeServices().services(),
        limits,
        ApiKeys([KEY, OTHER_KEY]),
        MemoryRateLimiter(limits.rates, epoch_s=clock),
        clock=clock,
    )
    message = {"type": "generate", "prompt": "x", "num_inference_steps": 1}
    with TestClient(app) as client:
        spent = client.post("/api/v1/generate", json={"prompt": "x"}, headers=HEADERS)
        assert spent.status_code == 200
        ends = {}
        for key in (KEY, OTHER_KEY):
            query = f"?ticket={ticket_of(client, key)}"
            with client.websocket_connect(f"/api/v1/ws/generation{query}") as socket:
                socket.send_json(message)
                while (heard := socket.receive_json())["type"] == "progress":
                    pass
            ends[key] = heard["type"], heard.get("error", {}).get("code")
    assert ends == {KEY: ("error", "RATE_LIMITED"), OTHER_KEY: ("result", None)}


def test_a_revoked_key_takes_its_tickets_along(tmp_path: Path) -> None:
    file, clock = tmp_path / "keys.yaml", FakeClock()

    def write(*names: str) -> None:
        lines = [
            f"  - {{name: {name}, key_sha256: {key_hash(name * 8)}, scopes: [generate]}}"
            for name in names
        ]
        file.write_text("\n".join(["keys:", *lines]) + "\n", encoding="utf-8")

    write("ada", "bob")
    config = ApiConfig(rates=Api.GENEROUS)
    app = create_app(
        FakeServices().services(),
        config,
        ApiKeys(file=file, clock=clock),
        MemoryRateLimiter(config.rates),
        clock=clock,
    )
    with TestClient(app) as client:
        revoked, kept = ticket_of(client, "ada" * 8), ticket_of(client, "bob" * 8)
        write("bob")
        clock.advance(CHECK_INTERVAL_S + 0.1)
        assert not opens(client, f"?ticket={revoked}")
        assert opens(client, f"?ticket={kept}")


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


SAVED = "/data/exports/birds.jsonl"


def download_ticket(client: TestClient, path: str = SAVED, key: str = KEY) -> str:
    answer = client.post(
        "/api/v1/exports/ticket", params={"path": path}, headers={"X-API-Key": key}
    )
    assert answer.status_code == 200, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


@pytest.fixture
def exported(api: Api, browser: TestClient) -> TestClient:
    """With two exported files."""
    for name in ("birds", "other"):
        api.fakes.files.contents[f"exports/{name}.jsonl"] = b"line\n"
    return browser


def saved(client: TestClient, path: str, ticket: str, **more: str) -> int:
    """Status of a browser's own download, which has no header."""
    query = {"path": path, "ticket": ticket, **more}
    return client.get("/api/v1/exports", params=query).status_code


def test_a_ticket_saves_one_exported_file_and_goes_on_where_that_was_cut(
    exported: TestClient,
) -> None:
    ticket = download_ticket(exported)
    assert KEY not in ticket
    query = {"path": SAVED, "ticket": ticket}
    assert exported.head("/api/v1/exports", params=query).status_code == 200
    answer = exported.get("/api/v1/exports", params=query)
    assert (answer.status_code, answer.content) == (200, b"line\n")
    going_on = {"Range": "bytes=2-", "If-Range": answer.headers["ETag"]}
    rest = exported.get("/api/v1/exports", params=query, headers=going_on)
    assert (rest.status_code, rest.content) == (206, b"ne\n")


def test_a_download_ticket_opens_that_file_and_nothing_else(exported: TestClient) -> None:
    ticket = download_ticket(exported)
    other = "/data/exports/other.jsonl"
    assert saved(exported, other, ticket) == 401
    assert (
        exported.get("/api/v1/images", params={"path": SAVED, "ticket": ticket}).status_code == 401
    )
    assert exported.get("/api/v1/jobs", params={"ticket": ticket}).status_code == 401
    gone = exported.delete("/api/v1/exports", params={"path": SAVED, "ticket": ticket})
    assert gone.status_code == 401
    assert not opens(exported, f"?ticket={ticket}")
    twice = f"/api/v1/exports?path={SAVED}&path={other}&ticket={ticket}"
    assert exported.get(twice).status_code in (400, 401)
    assert saved(exported, SAVED, download_ticket(exported)) == 200


def test_a_socket_ticket_saves_no_file(exported: TestClient) -> None:
    ticket = ticket_of(exported)
    assert saved(exported, SAVED, ticket) == 401
    assert opens(exported, f"?ticket={ticket}")


def test_a_download_ticket_ends_however_often_it_is_used(api: Api, exported: TestClient) -> None:
    life_s = ApiConfig().downloads.ticket_s
    ticket = download_ticket(exported)
    for _ in range(2):
        api.clock.advance(life_s / 2 - 0.1)
        assert saved(exported, SAVED, ticket) == 200
    api.clock.advance(0.3)
    assert saved(exported, SAVED, ticket) == 401


def test_a_download_ticket_is_for_the_space_that_it_was_asked_for_in(tmp_path: Path) -> None:
    shared = SharedService(tmp_path, entry("root", scopes=["read", "admin"]))
    for space in ("acme", "globex"):
        folder = shared.root / "spaces" / space / "exports"
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text(f"of {space}\n")
    path = f"{shared.root}/exports/a.jsonl"
    with shared.client("root", "acme") as admin:
        made = admin.post("/api/v1/exports/ticket", params={"path": path})
    query = {"path": path, "ticket": made.json()["ticket"]}
    with TestClient(shared.app) as browser:
        assert browser.get("/api/v1/exports", params=query).text == "of acme\n"
        other = browser.get("/api/v1/exports", params=query, headers={"X-Space": "globex"})
        assert other.status_code == 403


def test_a_ticket_asked_for_outside_every_space_opens_none(tmp_path: Path) -> None:
    shared = SharedService(tmp_path, entry("root", scopes=["read", "admin"]))
    for folder in (shared.root / "exports", shared.root / "spaces" / "acme" / "exports"):
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text("a line\n")
    path = f"{shared.root}/exports/a.jsonl"
    with shared.client("root") as admin:
        made = admin.post("/api/v1/exports/ticket", params={"path": path})
    query = {"path": path, "ticket": made.json()["ticket"]}
    with TestClient(shared.app) as browser:
        other = browser.get("/api/v1/exports", params=query, headers={"X-Space": "acme"})
        assert other.status_code == 403
        assert browser.get("/api/v1/exports", params=query).text == "a line\n"


def test_a_wrong_key_is_not_mended_by_a_download_ticket(exported: TestClient) -> None:
    query = {"path": SAVED, "ticket": download_ticket(exported)}
    wrong = exported.get("/api/v1/exports", params=query, headers={"X-API-Key": "wrong"})
    assert wrong.status_code == 401
    assert saved(exported, **query) == 200


def test_there_is_no_ticket_for_what_is_not_there(exported: TestClient) -> None:
    def status(path: str) -> int:
        query = {"path": path}
        return exported.post("/api/v1/exports/ticket", params=query, headers=HEADERS).status_code

    assert status("/data/exports/none.jsonl") == 404
    assert status("/data/generated/n/a.png") == 400
    assert status("/data/exports/../x") == 400

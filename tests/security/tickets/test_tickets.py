"""A browser opens its socket with a ticket: once, soon, and for the key that asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serve_app.access.api_keys import CHECK_INTERVAL_S, ApiKeys
from serve_app.access.hashing import key_hash
from serve_app.access.tickets import (
    TICKET_LIFE_S,
)
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, RateLimits
from tests.security.browsers import TICKET, opens, ticket_of
from tests.serve_app.api import HEADERS, KEY, OTHER_KEY, Api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import FakeClock


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

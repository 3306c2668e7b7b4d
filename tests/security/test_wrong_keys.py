"""S10: guessing keys is slowed, and nobody behind the same address is harmed by it."""

from __future__ import annotations

from typing import Literal

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import MemoryRateLimiter
from serve_app.config import ApiConfig, WrongKeyLimits
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import FakeClock

RIGHT = "right-key-0123456789"


class Counted:
    def __init__(self) -> None:
        self.wrong: list[str] = []

    def wrong_key(self, outcome: Literal["refused", "throttled"]) -> None:
        self.wrong.append(outcome)

    def keys_reloaded(self, outcome: Literal["success", "failure"]) -> None:
        raise AssertionError(outcome)


class Door:
    """The production application behind a clock of ours; `client` comes from an address."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.counted = Counted()
        config = ApiConfig(wrong_keys=WrongKeyLimits(per_minute=3))
        self.app = create_app(
            FakeServices().services(),
            config,
            ApiKeys([RIGHT]),
            MemoryRateLimiter(config.rates),
            clock=self.clock,
            counters=self.counted,
        )

    def client(self, key: str | None, address: str = "192.0.2.1") -> TestClient:
        headers = {} if key is None else {"X-API-Key": key}
        return TestClient(self.app, headers=headers, client=(address, 50_000))

    def status(self, key: str | None, address: str = "192.0.2.1") -> int:
        return self.client(key, address).get("/api/v1/profiles").status_code


@pytest.fixture
def door() -> Door:
    return Door()


def test_past_the_limit_a_wrong_key_hears_when_to_come_back(door: Door) -> None:
    assert [door.status(f"guess-{number}") for number in range(3)] == [401, 401, 401]
    refused = door.client("guess-4").get("/api/v1/profiles")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    door.clock.now += int(refused.headers["Retry-After"])
    assert door.status("guess-5") == 401
    assert door.status("guess-6") == 429


def test_a_right_key_behind_the_same_address_is_always_served(door: Door) -> None:
    for number in range(50):
        door.status(f"guess-{number}")
        assert door.status(RIGHT) == 200


def test_another_address_is_not_slowed(door: Door) -> None:
    for number in range(10):
        door.status(f"guess-{number}")
    assert door.status("guess", address="192.0.2.2") == 401


def test_no_key_at_all_is_no_guess(door: Door) -> None:
    assert {door.status(None) for _ in range(10)} == {401}
    assert door.counted.wrong == []


def test_routes_and_sockets_share_one_count(door: Door) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as denied,
        door.client(None).websocket_connect("/api/v1/ws/generation?api_key=guess"),
    ):
        pass
    assert denied.value.code == 1008
    assert door.client("guess").post("/api/v1/generate").status_code == 401
    assert door.client("guess").get("/no/such/route").status_code == 401
    assert door.status("guess") == 429
    with (
        pytest.raises(WebSocketDisconnect),
        door.client("guess").websocket_connect("/api/v1/ws/generation"),
    ):
        pass


def test_wrong_keys_are_counted_by_what_they_were_told(door: Door) -> None:
    for number in range(5):
        door.status(f"guess-{number}")
    assert door.counted.wrong == ["refused"] * 3 + ["throttled"] * 2


def test_a_throttled_stranger_learns_no_more_than_a_refused_one(door: Door) -> None:
    for number in range(4):
        answer = door.client(f"guess-{number}").get("/api/v1/profiles/secret")
        assert "secret" not in answer.text
        assert "X-RateLimit-Limit" not in answer.headers
    assert door.client("guess").get("/api/v1/nothing").status_code == 429

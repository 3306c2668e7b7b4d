"""Exactly so many requests in a moving window, whatever the way in."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from engines.errors import Overloaded
from serve_app.access.api_keys import ApiKeys
from serve_app.app import create_app
from serve_app.budgets.rate_limits import (
    Bucket,
    BudgetState,
    MemoryRateLimiter,
    MovingWindow,
    exceeded,
)
from serve_app.config import ApiConfig, RateLimits
from tests.serve_app.api import HEADERS, KEY, OTHER_KEY, SOCKET, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG, FakeClock, FakeFiles

QUICK = {"prompt": "x", "num_inference_steps": 1}


@pytest.fixture
def limited() -> Api:
    return build_api(FakeServices(files=FakeFiles({"generated/x.png": PNG})), ApiConfig())


def test_ten_fit_and_the_eleventh_does_not() -> None:
    clock = FakeClock(1000.5)
    window = MovingWindow(RateLimits(), clock)
    budgets = [window.hit("k", "generate") for _ in range(11)]
    assert [budget.allowed for budget in budgets] == [True] * 10 + [False]
    assert [budget.remaining for budget in budgets] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert budgets[-1].reset_epoch_s == 1060.5
    assert budgets[-1].retry_after_s == 60


def test_a_refused_hit_is_not_counted() -> None:
    clock = FakeClock()
    window = MovingWindow(RateLimits(generate="1/minute"), clock)
    window.hit("k", "generate")
    for _ in range(5):
        clock.advance(10)
        assert not window.hit("k", "generate").allowed
    clock.advance(10)
    assert window.hit("k", "generate").allowed


def test_keys_and_buckets_are_apart() -> None:
    window = MovingWindow(RateLimits(generate="1/minute", export="1/minute"), FakeClock())
    assert window.hit("a", "generate").allowed
    assert window.hit("b", "generate").allowed
    assert window.hit("a", "export").allowed
    assert not window.hit("a", "generate").allowed


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=80))
def test_no_window_ever_holds_more_than_the_limit(pauses: list[float]) -> None:
    clock = FakeClock(0.0)
    window = MovingWindow(RateLimits(), clock)
    allowed: list[float] = []
    for pause in pauses:
        clock.advance(pause)
        if window.hit("k", "generate").allowed:
            allowed.append(clock.now)
    for index, start in enumerate(allowed):
        assert sum(1 for moment in allowed[index:] if moment - start < 60 - 1e-6) <= 10


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=80))
def test_waiting_as_told_is_enough(pauses: list[float]) -> None:
    clock = FakeClock(0.0)
    window = MovingWindow(RateLimits(generate="3/minute"), clock)
    for pause in pauses:
        clock.advance(pause)
        budget = window.hit("k", "generate")
        if not budget.allowed:
            clock.advance(float(budget.headers()["Retry-After"]))
            assert window.hit("k", "generate").allowed


def test_windows_of_idle_keys_are_forgotten() -> None:
    clock = FakeClock()
    window = MovingWindow(RateLimits(), clock, max_keys=10)
    for number in range(10):
        window.hit(f"k{number}", "generate")
    clock.advance(61)
    window.hit("late", "generate")
    assert len(window) == 1


def test_headers_are_whole_seconds_rounded_up() -> None:
    refused = BudgetState(False, 10, 0, 1000.2, 0.4, 60)
    assert refused.headers() == {
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1001",
        "Retry-After": "1",
    }
    assert "Retry-After" not in BudgetState(True, 10, 3, 1000.2, 0.0, 60).headers()


def test_ten_generations_in_a_moving_minute_over_rest_and_socket(limited: Api) -> None:
    with TestClient(limited.app, headers=HEADERS) as client:
        for _ in range(3):
            assert client.post("/api/v1/generate", json=QUICK).status_code == 200
        limited.clock.advance(30)
        with client.websocket_connect(SOCKET) as socket:
            for _ in range(5):
                socket.send_json({"type": "generate", **QUICK})
                assert [socket.receive_json()["type"] for _ in range(2)] == ["progress", "result"]
            batch = {"prompts": ["a", "b", "c"], "num_inference_steps": 1}
            for _ in range(2):
                assert client.post("/api/v1/generate/batch", json=batch).status_code == 200
            # Ten are spent: three at 0 s, seven at 30 s.
            socket.send_json({"type": "generate", **QUICK})
            refused = socket.receive_json()
            assert refused["error"]["code"] == "RATE_LIMITED"
            assert refused["error"]["details"]["retry_after_s"] == 30
            answer = client.post("/api/v1/generate", json=QUICK)
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "30"
            limited.clock.advance(30)
            # The first three have left the window; no more than three fit again.
            for _ in range(3):
                assert client.post("/api/v1/generate", json=QUICK).status_code == 200
            socket.send_json({"type": "generate", **QUICK})
            assert socket.receive_json()["error"]["code"] == "RATE_LIMITED"
    assert len(limited.fakes.generation.started) == 3 + 5 + 6 + 3


def test_limits_are_twenty_validations_and_five_exports(limited: Api) -> None:
    client = TestClient(limited.app, headers=HEADERS)
    validate = {"image_path": "/data/generated/x.png"}
    statuses = [
        client.post(f"/api/v1/validate/{kind}", json=validate).status_code
        for kind in ["quality", "privacy"] * 10 + ["quality"]
    ]
    assert statuses == [200] * 20 + [429]
    export = {"dataset_dir": "/data/generated/none", "output_file": "/data/exports/x.jsonl"}
    statuses = [client.post("/api/v1/export/jsonl", json=export).status_code for _ in range(6)]
    assert statuses == [404] * 5 + [429]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"prompt": "x", "num_inference_steps": 1}', 200),
        (b'{"prompt": ""}', 400),
        (b"not json", 400),
        (b'{"prompt": "' + b"x" * 1_100_000 + b'"}', 413),
    ],
)
def test_every_authenticated_answer_of_a_limited_route_says_the_budget(
    limited: Api, content: bytes, status: int
) -> None:
    client = TestClient(limited.app, headers=HEADERS)
    answer = client.post("/api/v1/generate", content=content)
    assert answer.status_code == status
    assert answer.headers["X-RateLimit-Limit"] == "10"
    assert answer.headers["X-RateLimit-Remaining"] == "9"
    assert answer.headers["X-RateLimit-Reset"] == "1000060"
    assert "Retry-After" not in answer.headers


def test_a_refused_request_says_when_to_come_back(limited: Api) -> None:
    client = TestClient(limited.app, headers=HEADERS)
    for _ in range(10):
        client.post("/api/v1/generate", content=b"-")
    limited.clock.advance(12.5)
    answer = client.post("/api/v1/generate", json=QUICK)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "48"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.json() == {
        "error": {
            "code": "RATE_LIMITED",
            "message": "Rate limit exceeded: 10 generate requests per minute",
            "details": {"retry_after_s": 47.5},
        }
    }


@pytest.mark.parametrize(
    ("rate", "words"),
    [("5/hour", "5 read requests per hour"), ("7/2minute", "7 read requests per 120 seconds")],
)
def test_a_refusal_names_the_window(rate: str, words: str) -> None:
    window = MovingWindow(RateLimits(read=rate), epoch_s=lambda: 0.0)
    states = [window.hit("key", "read") for _ in range(8)]
    assert words in exceeded("read", states[-1]).message


def test_budgets_are_per_key(limited: Api) -> None:
    client = TestClient(limited.app)
    for _ in range(11):
        client.post("/api/v1/generate", json=QUICK, headers={"X-API-Key": KEY})
    answer = client.post("/api/v1/generate", json=QUICK, headers={"X-API-Key": OTHER_KEY})
    assert answer.status_code == 200


def test_unlimited_routes_carry_no_budget(limited: Api) -> None:
    answer = TestClient(limited.app, headers=HEADERS).delete("/api/v1/profiles/x")
    assert "X-RateLimit-Limit" not in answer.headers


class AwayRateLimiter:
    """A store that cannot be reached."""

    async def look(self, key_hash: str, own: Mapping[Bucket, str]) -> Mapping[Bucket, BudgetState]:
        raise Overloaded("The rate limiter is not reachable", 1.0)

    async def hit(self, key_hash: str, bucket: Bucket, own: str | None = None) -> BudgetState:
        raise Overloaded("The rate limiter is not reachable", 1.0)


def test_without_the_count_nothing_is_run() -> None:
    fakes = FakeServices()
    app = create_app(fakes.services(), ApiConfig(), ApiKeys([KEY]), AwayRateLimiter())
    client = TestClient(app, headers=HEADERS)
    answer = client.post("/api/v1/generate", json=QUICK)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "OVERLOADED"
    with client.websocket_connect(SOCKET) as socket:
        socket.send_json({"type": "generate", **QUICK})
        assert socket.receive_json()["error"]["code"] == "OVERLOADED"
    assert fakes.generation.started == []


async def test_the_memory_limiter_is_the_window() -> None:
    limiter = MemoryRateLimiter(RateLimits(generate="1/minute"), FakeClock())
    assert (await limiter.hit("k", "generate")).allowed
    assert not (await limiter.hit("k", "generate")).allowed


async def test_looking_at_the_budgets_spends_nothing_of_them() -> None:
    clock = FakeClock()
    limiter = MemoryRateLimiter(RateLimits(generate="2/minute", export="1/minute"), clock)
    await limiter.hit("k", "generate")
    clock.advance(10)
    for _ in range(3):
        found = await limiter.look("k", {"export": "7/hour"})
        assert (found["generate"].limit, found["generate"].remaining) == (2, 1)
        assert found["generate"].reset_epoch_s == clock() + 50
        assert (found["export"].limit, found["export"].remaining) == (7, 7)
        assert found["export"].reset_epoch_s == clock()
    await limiter.hit("k", "generate")
    assert not (await limiter.look("k", {}))["generate"].allowed
    clock.advance(50)  # the first hit leaves the window
    assert (await limiter.look("k", {}))["generate"].remaining == 1

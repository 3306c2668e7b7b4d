"""The load generator against the real API over HTTP and WebSocket, with the engine's double."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from benchmarks.serving import load
from benchmarks.serving.load import Target
from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, KEY, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.flow.test_over_uvicorn import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    yield from serving(build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS)))


def target(served: Served, key: str = KEY, socket: bool = True) -> Target:
    path = f"/api/v1/ws/generation?api_key={key}"
    socket_url = f"ws://127.0.0.1:{served.port}{path}" if socket else None
    return Target(served.url("/api/v1/generate"), {**HEADERS, "X-API-Key": key}, socket_url)


def test_everything_at_once_is_answered_and_some_of_it_streamed(served: Served) -> None:
    planned = load.at_once(load.bodies(24, 1, 64))
    found = load.run(target(served), planned)
    assert (found.finished, found.refused) == (24, 0)
    assert 0 < found.first_progress_s <= found.p99_s
    assert 0 < found.p50_s <= found.p99_s
    steps = {request.num_inference_steps for request in served.api.fakes.generation.started}
    assert steps == {10, 20, 30, 40, 50}, "requests arrive as they were drawn"


def test_a_server_without_progress_first_tells_when_it_answers(served: Served) -> None:
    found = load.run(target(served, socket=False), load.poisson(load.bodies(4, 1, 64), 50.0, 1))
    assert found.first_progress_s == found.p50_s


def test_refusals_are_counted_not_timed(served: Served) -> None:
    found = load.run(target(served, key="wrong"), load.at_once(load.bodies(6, 1, 64)))
    assert (found.finished, found.refused) == (0, 6)
    assert math.isnan(found.mean_s)


def test_requests_one_after_another(served: Served) -> None:
    assert len(load.alone(target(served), load.bodies(1, 1, 64)[0], 3)) == 3

"""`speed` on every way to ask for an image: taken, echoed only if given, one of three words."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.serve_app.fake_services import FakeServices
from tests.serve_app.socket_play import GENERATE, playing

ONE: dict[str, Any] = {"prompt": "A lake", "num_inference_steps": 2}
TWO: dict[str, Any] = {"prompts": ["A lake", "A hill"], "num_inference_steps": 2}
PATHS = [("/api/v1/generate", ONE), ("/api/v1/generate/batch", TWO)]


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("value", ["exact", "balanced", "fast"])
def test_it_reaches_the_engine_and_is_echoed(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any], value: str
) -> None:
    answer = client.post(path, json={**body, "speed": value})
    assert answer.status_code == 200
    assert answer.json()["parameters"]["speed"] == value
    assert {each.speed for each in fakes.generation.started} == {value}


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("given", [{}, {"speed": None}])
def test_left_out_the_models_own_counts(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any], given: dict[str, Any]
) -> None:
    answer = client.post(path, json={**body, **given})
    assert "speed" not in answer.json()["parameters"]
    assert fakes.generation.started[0].speed is None


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("value", ["", "Fast", "slow", 1, True, ["fast"]])
def test_another_word_is_refused_by_name(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any], value: object
) -> None:
    answer = client.post(path, json={**body, "speed": value})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "speed"
    assert not fakes.generation.started


def test_openais_route_takes_it_too(client: TestClient, fakes: FakeServices) -> None:
    body = {"prompt": "A lake", "speed": "fast"}
    key = client.headers["X-API-Key"]
    answer = client.post(
        "/v1/images/generations", json=body, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200
    assert fakes.generation.started[0].speed == "fast"


async def test_the_socket_takes_it_too() -> None:
    async with playing() as (api, socket):
        socket.say({**GENERATE, "num_inference_steps": 1, "speed": "balanced"})
        result = (await socket.hear_end())[-1]
        assert result["parameters"]["speed"] == "balanced"
        assert api.fakes.generation.started[0].speed == "balanced"
        socket.say({**GENERATE, "speed": "slow"})
        refused = (await socket.hear_end())[-1]
        assert refused["error"]["details"]["parameter"] == "speed"

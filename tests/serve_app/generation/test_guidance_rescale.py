"""`guidance_rescale` on every way to ask for an image: taken, echoed only if given, bounded."""

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
@pytest.mark.parametrize("value", [0, 0.7, 1])
def test_it_reaches_the_engine_and_is_echoed(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any], value: float
) -> None:
    answer = client.post(path, json={**body, "guidance_rescale": value})
    assert answer.status_code == 200
    assert answer.json()["parameters"]["guidance_rescale"] == value
    assert [each.guidance_rescale for each in fakes.generation.started] == [value] * len(
        fakes.generation.started
    )


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("given", [{}, {"guidance_rescale": None}])
def test_left_out_the_models_own_counts(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any], given: dict[str, Any]
) -> None:
    answer = client.post(path, json={**body, **given})
    assert "guidance_rescale" not in answer.json()["parameters"]
    assert fakes.generation.started[0].guidance_rescale is None


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("value", [-0.01, 1.01, "0.5", True, []])
def test_outside_its_bounds_it_is_refused_by_name(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any], value: object
) -> None:
    answer = client.post(path, json={**body, "guidance_rescale": value})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "guidance_rescale"
    assert not fakes.generation.started


async def test_the_socket_takes_it_too() -> None:
    async with playing() as (api, socket):
        socket.say({**GENERATE, "num_inference_steps": 1, "guidance_rescale": 0.4})
        result = (await socket.hear_end())[-1]
        assert result["parameters"]["guidance_rescale"] == 0.4
        assert api.fakes.generation.started[0].guidance_rescale == 0.4
        socket.say({**GENERATE, "guidance_rescale": 2})
        refused = (await socket.hear_end())[-1]
        assert refused["error"]["details"]["parameter"] == "guidance_rescale"

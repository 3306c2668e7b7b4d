"""A profile that does not exist is told on every way to ask for an image, before one is made."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.serve_app.fake_services import FakeServices
from tests.serve_app.socket_play import GENERATE, playing

ONE: dict[str, Any] = {"prompt": "A lake", "num_inference_steps": 2}
TWO: dict[str, Any] = {"prompts": ["A lake", "A hill"], "num_inference_steps": 2}
PATHS = [("/api/v1/generate", ONE), ("/api/v1/generate/batch", TWO)]
REQUIRED = {"require": {"profile": {"name": "nope", "min_conformance": 50}}}
MATCHED = {"profile": "nope"}


@pytest.mark.parametrize(("path", "body"), PATHS)
@pytest.mark.parametrize("changes", [MATCHED, REQUIRED])
@pytest.mark.parametrize(
    "headers", [{}, {"Prefer": "respond-async"}, {"Accept": "application/x-ndjson"}]
)
def test_it_is_404_and_nothing_is_made(
    client: TestClient,
    fakes: FakeServices,
    path: str,
    body: dict[str, Any],
    changes: dict[str, Any],
    headers: dict[str, str],
) -> None:
    answer = client.post(path, json={**body, **changes}, headers=headers)
    assert answer.status_code == 404
    assert "nope" in answer.json()["error"]["message"]
    assert not fakes.generation.started


@pytest.mark.parametrize("stream", [False, True])
def test_openais_route_says_it_in_its_own_form(
    client: TestClient, fakes: FakeServices, stream: bool
) -> None:
    body = {"prompt": "A lake", "stream": stream, **MATCHED}
    key = client.headers["X-API-Key"]
    answer = client.post(
        "/v1/images/generations", json=body, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 404
    assert "nope" in answer.json()["error"]["message"]
    assert not fakes.generation.started


@pytest.mark.parametrize("changes", [MATCHED, REQUIRED])
async def test_the_socket_says_it_and_stays_open(changes: dict[str, Any]) -> None:
    async with playing() as (api, socket):
        socket.say({**GENERATE, **changes})
        refused = (await socket.hear_end())[-1]
        assert refused["error"]["code"] == "NOT_FOUND"
        assert not api.fakes.generation.started
        socket.say({**GENERATE, "num_inference_steps": 1})
        assert (await socket.hear_end())[-1]["type"] == "result"


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_one_that_exists_is_used(
    client: TestClient, fakes: FakeServices, path: str, body: dict[str, Any]
) -> None:
    answer = client.post(path, json={**body, "profile": "unsplash_nature"})
    assert answer.status_code == 200
    assert {each.profile for each in fakes.generation.started} == {"unsplash_nature"}

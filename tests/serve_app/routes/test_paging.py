"""Lists in pages, with a budget, and to the letter where they are small."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from serve_app.config import ApiConfig, RateLimits
from tests.serve_app.api import HEADERS, build_api
from tests.serve_app.fake_services import FakeServices

NAMES = ["a", "b", "c", "d", "e"]


def names_of(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    (entries,) = (value for value in answer.values() if isinstance(value, list))
    return [entry["name"] for entry in entries]


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_datasets_page_by_page(client: TestClient, fakes: FakeServices, limit: int) -> None:
    fakes.datasets.names = list(NAMES)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = client.get("/api/v1/datasets", params={"limit": str(limit), **cursor}).json()
        page = names_of(answer)
        assert 0 < len(page) <= limit
        found += page
        if "next_cursor" not in answer:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert found == NAMES


def test_profiles_page_by_page(client: TestClient) -> None:
    first = client.get("/api/v1/profiles?limit=1").json()
    assert (names_of(first), first["next_cursor"]) == (["unsplash_nature"], "unsplash_nature")
    last = client.get("/api/v1/profiles?limit=1&cursor=unsplash_nature").json()
    assert names_of(last) == ["webcam_office"]
    assert "next_cursor" not in last


@pytest.mark.parametrize("area", ["datasets", "profiles"])
def test_a_small_list_has_nothing_but_its_entries(client: TestClient, area: str) -> None:
    assert set(client.get(f"/api/v1/{area}").json()) == {area}


@pytest.mark.parametrize("area", ["datasets", "profiles"])
@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=../x", "page=2"])
def test_odd_pages_are_refused(client: TestClient, area: str, query: str) -> None:
    answer = client.get(f"/api/v1/{area}?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_PARAMETERS"


def test_lists_have_a_budget() -> None:
    api = build_api(FakeServices(), ApiConfig(rates=RateLimits(read="2/minute")))
    with TestClient(api.app, headers=HEADERS) as client:
        statuses = [client.get(f"/api/v1/{a}").status_code for a in ("datasets", "profiles") * 2]
    assert statuses == [200, 200, 429, 429]

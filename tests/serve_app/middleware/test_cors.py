"""Pages of other origins."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from serve_app.config import ApiConfig
from tests.serve_app.api import HEADERS, build_api
from tests.serve_app.fake_services import FakeServices

ORIGIN = "https://studio.example.com"
ASKED = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-api-key, content-type",
}


def client(*origins: str) -> TestClient:
    return TestClient(build_api(FakeServices(), ApiConfig(cors_origins=origins)).app)


@pytest.mark.parametrize("path", ["/api/v1/generate", "/api/v1/datasets/x", "/api/v1/images"])
def test_a_preflight_of_a_listed_origin_is_answered_before_the_key(path: str) -> None:
    answer = client(ORIGIN).options(path, headers=ASKED)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"DELETE", "PATCH"} <= {*answer.headers["Access-Control-Allow-Methods"].split(", ")}
    assert "X-API-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert "X-Request-Id" in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", f"{ORIGIN}.evil.com", ""])
def test_another_origin_is_refused_in_the_envelope(origin: str) -> None:
    answer = client(ORIGIN).options("/api/v1/generate", headers={**ASKED, "Origin": origin})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "FORBIDDEN"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_without_a_list_a_preflight_needs_a_key_like_everything() -> None:
    answer = client().options("/api/v1/generate", headers=ASKED)
    assert answer.status_code == 401
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_listed_page_may_read_refusals_and_budgets() -> None:
    refused = client(ORIGIN).post("/api/v1/generate", headers={"Origin": ORIGIN})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)
    answer = client(ORIGIN).get("/api/v1/datasets", headers={**HEADERS, "Origin": ORIGIN})
    assert answer.status_code == 200
    assert "X-RateLimit-Remaining" in answer.headers["Access-Control-Expose-Headers"]


def test_another_page_may_not_read_what_it_gets() -> None:
    headers = {**HEADERS, "Origin": "https://evil.example.com"}
    answer = client(ORIGIN).get("/api/v1/datasets", headers=headers)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_a_star_is_any_origin() -> None:
    answer = client("*").options("/api/v1/generate", headers=ASKED)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["example.com", "https://x.com/", "https://X.com", "", "https://x.com/a", "ftp://x"]
)
def test_what_is_no_origin_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ValidationError, match="is not an origin"):
        ApiConfig(cors_origins=(origin,))

"""`GET /whoami` and `GET /keys`: who may do what, and what is left of it; never a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serve_app.access.api_keys import ApiKeys
from serve_app.access.hashing import key_hash
from serve_app.config import ApiConfig, RateLimits
from tests.serve_app.api import Api, build_api
from tests.serve_app.fake_services import FakeServices, SharedServices

KEYS = """
keys:
  - {name: root, key: root-key-0123456789, scopes: [admin, read]}
  - {name: alice, key: alice-key-0123456789, scopes: [generate, read], rates: {generate: 3/hour}}
  - {name: acme-admin, key: acme-key-0123456789, scopes: [admin, read], space: acme}
  - {name: acme-worker, key: work-key-0123456789, scopes: all, space: acme,
     expires: 2099-01-31T00:00:00Z, quota: {stored_bytes: 1000}}
  - {name: old, key: old-key-0123456789, scopes: [read], expires: 2020-01-31}
"""


@pytest.fixture
def api(tmp_path: Path) -> Api:
    file = tmp_path / "keys.yaml"
    file.write_text(KEYS, encoding="utf-8")
    rates = RateLimits(generate="10/minute", read="100/minute")
    return build_api(SharedServices(), ApiConfig(rates=rates), keys=ApiKeys(file=file))


def ask(api: Api, path: str, key: str, **query: Any) -> Any:
    client = TestClient(api.app, headers={"X-API-Key": f"{key}-key-0123456789"})
    return client.get(f"/api/v1{path}", params=query)


def budgets(key: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in key["budgets"]}


def test_a_key_learns_what_it_is_and_what_it_may_do(api: Api) -> None:
    found = ask(api, "/whoami", "alice").json()
    assert (found["name"], found["scopes"], found["space"]) == (
        "alice",
        ["generate", "read"],
        None,
    )
    assert (found["expires_at"], found["max_stored_bytes"]) == (None, None)
    worker = ask(api, "/whoami", "work").json()
    assert (worker["space"], worker["max_stored_bytes"]) == ("acme", 1000)
    assert worker["expires_at"] == "2099-01-31T00:00:00Z"


def test_its_budgets_are_told_and_looking_spends_only_reading(api: Api) -> None:
    client = TestClient(api.app, headers={"X-API-Key": "alice-key-0123456789"})
    body = {"prompt": "a fox", "num_inference_steps": 1}
    assert client.post("/api/v1/generate", json=body).status_code == 200
    for read in (1, 2):
        found = budgets(client.get("/api/v1/whoami").json())
        own = found["generate"]
        assert (own["rate"], own["limit"], own["remaining"]) == ("3/hour", 3, 2)
        assert own["resets_at"] == "1970-01-12T14:46:40Z"  # an hour after the clock of the test
        assert found["read"]["remaining"] == 100 - read
    assert set(found) == {"generate", "validate", "export", "upload", "read"}


def test_an_admin_sees_every_key_and_no_secret(api: Api) -> None:
    answer = ask(api, "/keys", "root")
    assert [key["name"] for key in answer.json()["callers"]] == [
        *("acme-admin", "acme-worker", "alice", "old", "root")
    ]
    for name in ("root", "alice", "acme", "work", "old"):
        secret = f"{name}-key-0123456789"
        assert secret not in answer.text
        assert key_hash(secret)[:8] not in answer.text


def test_an_admin_of_a_space_sees_the_keys_of_that_space(api: Api) -> None:
    names = [key["name"] for key in ask(api, "/keys", "acme").json()["callers"]]
    assert names == ["acme-admin", "acme-worker"]


def test_without_the_scope_admin_nobody_sees_the_keys(api: Api) -> None:
    for key in ("alice", "work"):
        refused = ask(api, "/keys", key)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")


def test_keys_come_in_pages(api: Api) -> None:
    first = ask(api, "/keys", "root", limit=2).json()
    assert first["next_cursor"] == "acme-worker"
    rest = ask(api, "/keys", "root", limit=3, cursor="acme-worker").json()
    assert [key["name"] for key in rest["callers"]] == ["alice", "old", "root"]
    assert "next_cursor" not in rest


def test_a_key_of_the_environment_is_named_too() -> None:
    api = build_api(FakeServices(), ApiConfig(), keys=ApiKeys(["fixed-key-0123456789"]))
    found = ask(api, "/whoami", "fixed").json()
    assert found["name"].startswith("key-")
    assert "admin" in found["scopes"]
    assert budgets(found)["generate"]["rate"] == "10/minute"

"""`GET /deployments`: replicas and loaded models, for an admin of the whole service."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serve_app.access.api_keys import ApiKeys
from serve_app.config import ApiConfig
from tests.serve_app.api import build_api
from tests.serve_app.fake_services import FakeServices

KEYS = """
keys:
  - {name: root, key: root-key-0123456789, scopes: [admin]}
  - {name: reader, key: reader-key-0123456789, scopes: [read]}
  - {name: acme, key: acme-key-0123456789, scopes: [admin], space: acme}
"""


@pytest.fixture
def keyed(fakes: FakeServices, tmp_path: Path) -> TestClient:
    file = tmp_path / "keys.yaml"
    file.write_text(KEYS, encoding="utf-8")
    return TestClient(build_api(fakes, ApiConfig(), keys=ApiKeys(file=file)).app)


def header(key: str) -> dict[str, str]:
    return {"X-API-Key": f"{key}-key-0123456789"}


def test_an_admin_sees_replicas_and_the_models_in_memory(keyed: TestClient) -> None:
    answer = keyed.get("/api/v1/deployments", headers=header("root"))
    assert answer.status_code == 200, answer.text
    pool, quality = answer.json()["deployments"]
    assert pool == {
        "name": "diffusion-default",
        "status": "UPDATING",
        "healthy": False,
        "message": "",
        "replicas": {"target": 2, "running": 1, "starting": 1, "stopping": 0},
        "models": [{"id": "fake", "replicas": 1, "memory_bytes": 2_000}],
    }
    assert (quality["status"], quality["message"]) == ("UNHEALTHY", "no such file")


def test_nobody_else_sees_them(keyed: TestClient) -> None:
    assert keyed.get("/api/v1/deployments").status_code == 401
    for name in ("reader", "acme"):
        answer = keyed.get("/api/v1/deployments", headers=header(name))
        assert answer.status_code == 403, name
